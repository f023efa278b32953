import type { LogLines } from '../../server/api.ts';
import { getJson } from '../state/server.ts';
import type { LineRange } from './line-range.ts';
import { type LogName, logPath } from './log-source.ts';

/** The number of lines of each request, and the largest number of copied lines. */
const PAGE = 5000;
const MOST = 100_000;

/** The text of some lines, from the server. */
export async function textOf(name: LogName, { from, to }: LineRange): Promise<string> {
  const lines: string[] = [];
  const end = Math.min(to, from + MOST - 1);
  while (from + lines.length <= end) {
    const line = from + lines.length;
    const answer = await getJson<LogLines>(logPath(name, { line, lines: Math.min(PAGE, end - line + 1) }));
    if (answer.lines.length === 0) break;
    lines.push(...answer.lines);
  }
  return lines.map((line) => `${line}\n`).join('');
}

/** Copies text to the clipboard. @returns whether it worked */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers allow the clipboard only for pages with https or from this machine. The old way works everywhere.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
