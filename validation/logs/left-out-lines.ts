import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Lines with known errors, and the lines around them, from the part of a log that was left out: as a text that is searched
 * like a log, and beside it their numbers in the complete log. The worker finds them, because only the worker has the
 * complete log.
 */
export interface LeftOutLines {
  /** A file with these lines. An empty line means that lines are missing at this place. */
  path: string;
  /** For each line of the file, its number in the complete log, from 1; 0 for an empty line. */
  numbers: number[];
}

const NUMBERS = '.numbers';

/**
 * Writes the lines of `grep -n`'s output, with or without lines of context.
 * @param before number of lines in the log before the part that grep has numbered
 */
export async function writeLeftOut(path: string, grep: Buffer, before: number): Promise<void> {
  const lines = new Map<number, string>();
  // latin1 keeps every byte
  for (const line of grep.toString('latin1').split('\n')) {
    const [, digits, text = ''] = /^(\d{1,15})[:-](.*)$/s.exec(line) ?? [];
    if (digits === undefined) continue;
    const number = Number(digits);
    const before = lines.get(number);
    if (before === undefined) lines.set(number, text);
    // A part of a long line: the line itself may be there too, cut off before this part.
    else if (text.startsWith('... ')) lines.set(number, `${before} ${text}`);
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

/** Reads the lines that were found in the left-out part of a log; undefined if there are none. @param path as for writeLeftOut */
export async function readLeftOut(path: string): Promise<LeftOutLines | undefined> {
  if (!existsSync(path + NUMBERS)) return undefined;
  return { path, numbers: JSON.parse(await readFile(path + NUMBERS, 'utf8')) as number[] };
}
