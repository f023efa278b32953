import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { StepTokens } from '../../step/step-tokens.ts';
import { type RunDir, replaceFile } from '../store/store.ts';

/** The file with the key, below a run. Only its owner may read it. */
const KEY_FILE = '.step-key';

/** The tokens of a run's steps. Their key is made when they are first requested. */
export function stepTokens(run: RunDir): StepTokens {
  const path = join(run.path, KEY_FILE);
  try {
    return new StepTokens(Buffer.from(readFileSync(path, 'latin1'), 'hex'));
  } catch (error) {
    // after a crash the file may be empty
    if (!(error instanceof RangeError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const key = StepTokens.newKey();
  replaceFile(path, `${key.toString('hex')}\n`, 0o600);
  return new StepTokens(key);
}
