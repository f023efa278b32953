import { constants, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import type { Plan } from '../workflow/plan.ts';
import type { RunRequest } from './record.ts';
import type { RunDir } from './store.ts';

/** What was found in the current directory; all else that the input names is beside the copy of the input. */
const CURRENT = 'cwd';

/**
 * Copies what a plan was made from, and the local files that its steps get, into `input/`: under the names under which they
 * were found, so that planning from the copy finds them again. Whatever becomes of the originals, the run stays what it is.
 */
export function copyInputs(run: RunDir, plan: Plan): void {
  const input = join(run.path, 'input');
  const put = (source: string, name: string): void => {
    const target = join(input, name);
    if (existsSync(target)) return;
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
  };
  mkdirSync(join(input, CURRENT), { recursive: true });
  for (const source of plan.sources) put(source, basename(source));
  const sent = plan.stages.flatMap((stage) => stage.inputs.flatMap((one) => (one.kind === 'sent' ? [one.source] : [])));
  const [current, ...others] = plan.folders ?? [];
  for (const source of new Set([...plan.sources, ...sent])) {
    const inCurrent = current === undefined ? undefined : below(current, source);
    if (inCurrent !== undefined) put(source, join(CURRENT, inCurrent));
    for (const folder of others) {
      const name = below(folder, source);
      if (name !== undefined) put(source, name);
    }
  }
}

/** What was asked for, of the copy. */
export function requestOfCopy(run: RunDir, request: RunRequest): RunRequest {
  const input = join(run.path, 'input');
  return {
    ...request,
    input: join(input, basename(request.input)),
    cwd: join(input, CURRENT),
    ...(request.workflow !== undefined && { workflow: join(input, basename(request.workflow)) }),
  };
}

function below(folder: string, path: string): string | undefined {
  const name = relative(folder, path);
  return name === '' || name.startsWith('..') || isAbsolute(name) ? undefined : name;
}
