import { appendFileSync, readFileSync } from 'node:fs';
import { applyEvent, emptyFlow, parseLogLine } from './transaction-log.ts';

/**
 * Tells makeflow's log that no job is under way any more. Makeflow would otherwise wait for the HTCondor jobs of the makeflow
 * before it, which are gone. It must not be running.
 * @param now ms since 1970
 */
export function takeBack(path: string, now: number): void {
  let text: string;
  try {
    text = readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const lines = takenBack(text.split('\n'), now);
  if (lines.length > 0) appendFileSync(path, lines.map((line) => `${line}\n`).join(''), 'latin1');
}

/** The lines that say so: those which makeflow itself writes where it takes jobs back. */
export function takenBack(log: readonly string[], now: number): string[] {
  const flow = emptyFlow();
  const running = new Map<number, number>();
  for (const line of log) {
    const event = parseLogLine(line);
    if (!event) continue;
    applyEvent(flow, event);
    if (event.type !== 'node') continue;
    if (event.state === 'running') running.set(event.node, event.jobId);
    else running.delete(event.node);
  }
  if (!flow.counts) return [];
  const counts = { ...flow.counts };
  return [...running].map(([node, job]) => {
    counts.waiting++;
    counts.running--;
    const { waiting, running: under, complete, failed, aborted, total } = counts;
    return [now * 1000, node, 0, job, waiting, under, complete, failed, aborted, total].join(' ');
  });
}
