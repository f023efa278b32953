import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Lines with known errors, and those around them, from the part of a log that did not come back: as text that is looked
 * through like a log, and beside it their numbers in the log as it was. The worker finds them, because only there the
 * whole log is.
 */
export interface LeftOutLines {
  /** A file of these lines; an empty one stands where lines between them are missing. */
  path: string;
  /** Of each line of the file, its number in the log, from 1; 0 of an empty one. */
  numbers: number[];
}

const NUMBERS = '.numbers';

/**
 * Writes what `grep -n` says, with or without lines of context.
 * @param before lines of the log before the part that grep has numbered
 */
export async function writeLeftOut(path: string, grep: Buffer, before: number): Promise<void> {
  const lines = new Map<number, string>();
  // latin1 keeps every byte
  for (const line of grep.toString('latin1').split('\n')) {
    const [, number, text] = /^(\d{1,15})[:-](.*)$/s.exec(line) ?? [];
    if (number !== undefined && !lines.has(Number(number))) lines.set(Number(number), text as string);
  }
  const texts: string[] = [];
  const numbers: number[] = [];
  let last = 0;
  for (const number of [...lines.keys()].sort((a, b) => a - b)) {
    if (last !== 0 && number !== last + 1) {
      texts.push('');
      numbers.push(0);
    }
    texts.push(lines.get(number) as string);
    numbers.push(before + number);
    last = number;
  }
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${texts.join('\n')}\n`, { encoding: 'latin1', flag: 'wx' });
  await writeFile(path + NUMBERS, JSON.stringify(numbers), { flag: 'wx' });
}

/** What was found in the part of a log that was left out; undefined where there is nothing. @param path as it was written */
export async function readLeftOut(path: string): Promise<LeftOutLines | undefined> {
  if (!existsSync(path + NUMBERS)) return undefined;
  return { path, numbers: JSON.parse(await readFile(path + NUMBERS, 'utf8')) as number[] };
}
