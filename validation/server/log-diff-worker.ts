// Compares logs in a separate thread, so that neither large logs nor difficult lines block the server.
import { parentPort } from 'node:worker_threads';
import { addPart, type DiffPart } from '../log-diff/answer.ts';
import { compareLogs, type Progress } from '../log-diff/compare-logs.ts';
import { exactKey, foldedKey } from '../log-diff/line-keys.ts';
import { LogReader } from '../logs/log-reader.ts';
import type { LogDiffJob, LogDiffResult } from './log-diffs.ts';

/** The largest numbers of changed parts, and of characters, in one answer. */
const MOST_PARTS = 500;
const MOST_CHARACTERS = 2_000_000;

function compare({ a, b, from, exact, hosts, budgetMs }: LogDiffJob): LogDiffResult {
  const end = performance.now() + budgetMs;
  const parts: DiffPart[] = [];
  let characters = 0;
  let progress: (() => Progress) | undefined;
  const compared = compareLogs(
    new LogReader(a, from?.a),
    new LogReader(b, from?.b),
    exact ? exactKey : foldedKey(hosts),
  );
  for (const { part, progress: now } of compared) {
    addPart(parts, part);
    progress = now;
    if (!part.same) for (const text of [...part.linesA, ...part.linesB]) characters += text.length;
    if (performance.now() > end || parts.length > 2 * MOST_PARTS || characters > MOST_CHARACTERS)
      return { parts, next: progress() };
  }
  return { parts };
}

parentPort?.on('message', (job: LogDiffJob) => {
  try {
    parentPort?.postMessage({ result: compare(job) });
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
