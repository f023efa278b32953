// Finds the groups of a log in a separate thread, so that a large log does not block the server.
import { parentPort } from 'node:worker_threads';
import { type LogGroup, LogGroups } from '../logs/log-groups.ts';
import { LogReader } from '../logs/log-reader.ts';
import type { LogGroupsJob, LogGroupsResult } from './log-groupings.ts';

/** The largest number of groups in one answer. */
const MOST = 10_000;
/** The number of lines between two checks of the time. */
const TURN = 2000;

function find({ parts, from, budgetMs }: LogGroupsJob): LogGroupsResult {
  const end = performance.now() + budgetMs;
  const reader = new LogReader(parts, from);
  const finder = new LogGroups();
  const groups: LogGroup[] = [];
  const add = (group: LogGroup | undefined): void => {
    if (group) groups.push(group);
  };
  for (let line = reader.read(); line; line = reader.read()) {
    add(finder.push(line.number, line.text));
    if (line.number % TURN !== 0 || (performance.now() < end && groups.length < MOST)) continue;
    add(finder.end());
    return { groups, next: reader.place };
  }
  add(finder.end());
  return { groups };
}

parentPort?.on('message', (job: LogGroupsJob) => {
  try {
    parentPort?.postMessage({ result: find(job) });
  } catch (error) {
    parentPort?.postMessage({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
});
