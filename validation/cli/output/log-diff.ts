import { join } from 'node:path';
import { InputError } from '../../input/input-error.ts';
import { addPart, CONTEXT, type ComparedLog, type DiffPart } from '../../log-diff/answer.ts';
import { compareLogs } from '../../log-diff/compare-logs.ts';
import { counterpart } from '../../log-diff/counterpart.ts';
import { exactKey, foldedKey } from '../../log-diff/line-keys.ts';
import { LogReader, readableParts } from '../../logs/log-reader.ts';
import { type OpenLog, openLog } from '../../logs/open-log.ts';
import { paint } from '../../report/paint.ts';
import { readResult } from '../../runs/store/collect.ts';
import type { RunDir } from '../../runs/store/store.ts';
import { counted } from '../../units/count.ts';
import { out } from '../terminal.ts';

export interface WantedDiff {
  /** Id of a step of the later run. */
  step: string;
  /** `stdout`, `stderr`, or the file of another log. */
  log: string;
  exact: boolean;
  json: boolean;
}

/** Prints how a log of a step differs from that of the earlier run. @throws InputError if one of them is not there */
export async function diffLogs(earlier: RunDir, later: RunDir, wanted: WantedDiff): Promise<void> {
  const { step, exact, json } = wanted;
  const file = wanted.log === 'stdout' || wanted.log === 'stderr' ? `${wanted.log}.log` : wanted.log;
  const own = [...later.readView().steps.values()];
  const other = counterpart(own, step, [...earlier.readView().steps.values()]);
  const b = compared(later, step);
  if (other === undefined) {
    const message = `${earlier.readRecord().id} has no step that matches ${step} of ${b.run}`;
    throw new InputError([{ message }]);
  }
  const a = compared(earlier, other);
  const hosts = [hostOf(earlier, a), hostOf(later, b)].filter((host) => host !== undefined);
  const logB = await open(later, b, file);
  try {
    const logA = await open(earlier, a, file);
    try {
      const readers = [new LogReader(readableParts(logA)), new LogReader(readableParts(logB))] as const;
      const parts = partsOf(compareLogs(...readers, exact ? exactKey : foldedKey(hosts)));
      if (json) out.sayJson({ reference: a, log: b, parts: [...parts] });
      else await print(parts, [`--- ${nameOf(a)} ${file}`, `+++ ${nameOf(b)} ${file}`]);
    } finally {
      await logA.close();
    }
  } finally {
    await logB.close();
  }
}

/** The last attempt of a step. @throws InputError if it has no log */
function compared(run: RunDir, step: string): ComparedLog {
  const { id } = run.readRecord();
  const attempt = run.attempts(step).at(-1);
  if (attempt === undefined) throw new InputError([{ message: `step ${step} of ${id} has no log` }]);
  return { run: id, step, attempt };
}

async function open(run: RunDir, { run: id, step, attempt }: ComparedLog, file: string): Promise<OpenLog> {
  try {
    return await openLog({ root: run.path, path: `steps/${step}/${attempt}/${file}` });
  } catch {
    throw new InputError([{ message: `attempt ${attempt} of ${step} of ${id} has no ${file}` }]);
  }
}

function hostOf(run: RunDir, { step, attempt }: ComparedLog): string | undefined {
  return readResult(join(run.attemptDir(step, attempt), 'result.json'))?.host;
}

function nameOf({ run, step, attempt }: ComparedLog): string {
  return `${run} ${step}, attempt ${attempt}`;
}

/** The parts one by one. A part is returned when the next one shows that it is complete. */
function* partsOf(compared: Iterable<{ part: DiffPart }>): Generator<DiffPart> {
  const waiting: DiffPart[] = [];
  for (const { part } of compared) {
    addPart(waiting, part);
    if (waiting.length > 1) yield waiting.shift() as DiffPart;
  }
  yield* waiting;
}

/** As a unified diff; equal lines beyond the context are counted. */
async function print(parts: Iterable<DiffPart>, head: readonly string[]): Promise<void> {
  out.say(...head.map((line) => paint.bold(line)));
  let differs = false;
  for (const part of parts) {
    differs ||= !part.same;
    const lines = part.same ? contextOf(part) : changesOf(part);
    await out.sayLogLines(lines, false);
  }
  if (!differs) out.say('No line differs.');
}

type Shown = { before: string; text: string };

function contextOf({ countB, linesB }: DiffPart): Shown[] {
  const lines = linesB.map((text) => ({ before: '  ', text }));
  const hidden = countB - linesB.length;
  if (hidden === 0) return lines;
  const fold = { before: paint.cyan(`@@ ${counted(hidden, 'equal line')} @@`), text: '' };
  return [...lines.slice(0, CONTEXT), fold, ...lines.slice(CONTEXT)];
}

function changesOf({ a, b, countA, countB, linesA, linesB }: DiffPart): Shown[] {
  const side = (sign: string, style: (text: string) => string, first: number, count: number, lines: string[]) => {
    const shown = lines.map((text, n) => ({ before: style(`${sign}${first + n}: `), text }));
    const left = count - lines.length;
    return left > 0 ? [...shown, { before: style(`${sign} and ${counted(left, 'more line')}`), text: '' }] : shown;
  };
  return [...side('-', paint.red, a, countA, linesA), ...side('+', paint.green, b, countB, linesB)];
}
