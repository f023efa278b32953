// Computes histories in a separate thread, so that neither long nor hostile ones block the server.
import { parentPort } from 'node:worker_threads';
import { trendCsv } from '../history/csv.ts';
import type { HistoryLine } from '../history/line.ts';
import { chosenNights, namesIn, nightsOf } from '../history/nights.ts';
import { linesStamp, readLines } from '../history/store.ts';
import { trendOf } from '../history/trend.ts';
import type { Workflows } from './api.ts';
import type { HistoryJob } from './histories.ts';
import { HttpError } from './http-error.ts';

/**
 * The lines of the history file, and those of runs that it does not have. The server only reads the directory, so it makes the
 * missing lines once, and keeps them here.
 */
const lines = new Map<string, HistoryLine>();
let stamp: string | undefined;

/** Reads the history file again if it has changed. Removed runs are only in this file. */
async function readFile(dir: string): Promise<void> {
  const now = await linesStamp(dir);
  if (now === stamp) return;
  stamp = now;
  for (const [id, line] of readLines(dir)) lines.set(id, line);
}

async function answer({ dir, runs, question }: HistoryJob): Promise<string> {
  await readFile(dir);
  if ('shown' in question)
    return JSON.stringify({ workflows: namesIn(runs, lines, question.shown) } satisfies Workflows);
  const { name, filter, last, format } = question;
  const found = await nightsOf(name, runs, lines);
  if (!found) throw new HttpError(404, `no run of ${name} has ended`);
  for (const line of found.fresh) lines.set(line.id, line);
  const trend = trendOf(name, chosenNights(found.nights, filter), last);
  return format === 'json' ? JSON.stringify(trend) : trendCsv(trend);
}

parentPort?.on('message', async (job: HistoryJob) => {
  try {
    parentPort?.postMessage({ result: await answer(job) });
  } catch (error) {
    if (error instanceof HttpError) parentPort?.postMessage({ error: error.message, status: error.status });
    else parentPort?.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
