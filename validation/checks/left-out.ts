import { readLeftOut } from '../logs/left-out-lines.ts';
import type { LogRule } from './rules.ts';
import { type LogMatch, type ScanOptions, scanLog } from './scan.ts';

/**
 * What rules find in the part of a log that did not come back, by what the worker found there with their texts.
 * @param path of these lines; there need not be any
 */
export async function scanLeftOut(path: string, rules: readonly LogRule[], options: ScanOptions): Promise<LogMatch[]> {
  const lines = await readLeftOut(path);
  if (!lines) return [];
  const { numbers } = lines;
  return (await scanLog(lines.path, rules, options)).map((match) => {
    const { before, after } = match.context;
    const at = match.line - 1;
    return {
      ...match,
      line: numbers[at] ?? 0,
      context: {
        before: before.filter((_, i) => runsOn(numbers, at - before.length + i, at)),
        after: after.filter((_, i) => runsOn(numbers, at, at + 1 + i)),
      },
    };
  });
}

/** Whether no line of the log is missing between two of these lines. */
function runsOn(numbers: readonly number[], from: number, to: number): boolean {
  return numbers[from] !== 0 && (numbers[to] as number) - (numbers[from] as number) === to - from;
}
