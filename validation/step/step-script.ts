import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What every step needs, in this order. The last one runs the step. */
const FIRST = 'begin words result guard live-logs inputs payload processes logs outputs step'.split(' ');
/** What few steps need. Bash parses it only where a step needs it. */
const MORE = 'guard streams failures inputs logs packed-logs errors left-out outputs'.split(' ');

const PACKAGE = dirname(createRequire(import.meta.url).resolve('release-validation/package.json'));

/** The text of `relval-step.sh`, put together from its parts in `script/`: one file is all that a worker gets. */
export async function stepScript(): Promise<string> {
  const names = [...FIRST, ...MORE.map((name) => `more/${name}`)];
  const parts = names.map((name) => readFile(join(PACKAGE, 'validation', 'step', 'script', `${name}.bash`), 'utf8'));
  return (await Promise.all(parts)).join('\n');
}
