import type { LogLines } from '../../server/api.ts';
import { getJson } from '../state/server.ts';
import type { LineRange } from './line-range.ts';
import { type LogName, logPath } from './log-source.ts';

/** Lines asked for at a time, and copied at most. */
const PAGE = 5000;
const MOST = 100_000;

/** The text of some lines, as the server has them. */
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

/** Puts text into the clipboard. @returns whether it is there */
export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Browsers give the clipboard only to pages of https and of this machine: the old way works everywhere.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}
