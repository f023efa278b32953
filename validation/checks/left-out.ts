import { readLeftOut } from '../logs/left-out-lines.ts';
import type { LogRule } from './rules.ts';
import { type LogMatch, type ScanOptions, scanLog } from './scan.ts';

/**
 * Applies the rules to the part of a log that was not transferred. The worker searched that part for the texts of the rules
 * and sent the lines that it found.
 * @param path file of these lines; it need not exist
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
        before: before.filter((_, i) => areConsecutive(numbers, at - before.length + i, at)),
        after: after.filter((_, i) => areConsecutive(numbers, at, at + 1 + i)),
      },
    };
  });
}

/** Whether no line of the log is missing between two lines. */
function areConsecutive(numbers: readonly number[], from: number, to: number): boolean {
  return numbers[from] !== 0 && (numbers[to] as number) - (numbers[from] as number) === to - from;
}
