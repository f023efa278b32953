import { chmodSync, closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { STUCK } from '../../checks/outcome.ts';
import { removeFailureNotes } from '../../makeflow/failure-notes.ts';
import { followFlow } from '../../makeflow/follow.ts';
import { mendLog } from '../../makeflow/mend-log.ts';
import { givesTokens } from '../../makeflow/rules.ts';
import { makeflowFiles, startMakeflow, type WorkQueueBatch } from '../../makeflow/run.ts';
import { type FlowState, isComplete, isStuck } from '../../makeflow/transaction-log.ts';
import type { WrittenMakeflow } from '../../makeflow/write.ts';
import { maskFile, maskLines } from '../../step/mask.ts';
import { MASKS_VARIABLE } from '../../step/names.ts';
import type { RunJournal } from '../store/journal.ts';
import { lackOfSpace } from '../store/space.ts';
import { StepTracker } from './step-tracker.ts';
import type { LogStreams } from './streams.ts';

/** How often the flow is checked for standing still. */
const STUCK_CHECK_MS = 500;
/** makeflow sees an interrupt only between two waits of up to 5 s (seen: 0 to 5 s). */
const INTERRUPT_GRACE_MS = 6000;

export interface PhaseOptions {
  journal: RunJournal;
  written: WrittenMakeflow;
  batch: WorkQueueBatch;
  /** How often steps are tried again, in the place of what their stages say. */
  retries: number | undefined;
  streams: LogStreams;
  secrets: Readonly<Record<string, string>>;
  /** Ends the phase in order: jobs are cancelled, workers released. */
  signal: AbortSignal;
  /** An open file that makeflow keeps open as well. */
  keepOpen?: number | undefined;
}

/**
 * Runs one Makeflow file to its end, or resumes it: makeflow as a child, its logs followed, every attempt's logs brought
 * home the moment it ends. What is in the events already is not done again.
 * @returns what kept it from coming to its end; undefined when nothing did
 * @throws what the run has to say cannot be written down: the disk is full, or fails
 */
export async function runPhase(options: PhaseOptions): Promise<string | undefined> {
  const { journal, written, batch, retries, signal, streams } = options;
  const directory = journal.run.work;
  const files = makeflowFiles(directory, written.file);
  // Secrets and tokens come here before they are masked; a run of before may let others in.
  chmodSync(directory, 0o700);
  removeFailureNotes(directory);
  mendLog(files.transactions);
  const secrets = Object.values(options.secrets);
  const own = givesTokens(beginningOf(join(directory, written.file)));
  const makeflow = await startMakeflow({
    directory,
    file: written.file,
    // makeflow has one number for all rules: the others are refused when they have had theirs
    retries: retries ?? Math.max(0, ...written.steps.map(({ stage }) => stage.retries)),
    batch,
    dieWithParent: true,
    env: { ...options.secrets, [MASKS_VARIABLE]: maskLines(secrets), ...streams.environment(own) },
    keepOpen: options.keepOpen,
  });

  let failure: Error | undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const abort = (): void => {
    makeflow.interrupt();
    killTimer ??= setTimeout(() => makeflow.kill(), INTERRUPT_GRACE_MS);
  };
  const onError = (error: Error): void => {
    failure ??= error;
    abort();
  };
  const { finish: finishLog, masks } = streams;
  const tracker = new StepTracker({ journal, written, directory, retries, masks, finishLog, onError });
  const logs = followFlow(files, (events) => tracker.take(events), onError);
  streams.admitBy((execution) => {
    logs.look();
    return tracker.admit(execution);
  });

  let stuck = false;
  const stuckCheck = setInterval(() => {
    const full = lackOfSpace(journal.run.path);
    if (full) onError(full);
    if (!isStuck(logs.flow, Date.now())) return;
    stuck = true;
    makeflow.interrupt();
  }, STUCK_CHECK_MS);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });

  try {
    journal.add({ type: 'phase-started', phase: written.phase, makeflow: makeflow.pid });
    const { code, signal: killedBy } = await makeflow.exited;
    logs.look();
    if (!failure) tracker.interrupted();
    await tracker.collected();
    for (const file of [files.stdout, files.stderr]) await maskFile(file, masks);
    if (failure) throw failure;
    const problem = describeEnd(logs.flow, { stuck, code, killedBy, stderr: files.stderr });
    journal.add({ type: 'phase-ended', phase: written.phase, how: problem ?? 'complete' });
    return problem;
  } finally {
    streams.admitBy(undefined);
    clearInterval(stuckCheck);
    clearTimeout(killTimer);
    signal.removeEventListener('abort', abort);
    logs.close();
    makeflow.interrupt();
    await makeflow.exited;
    removeFailureNotes(directory);
  }
}

/** The first 4 kB of a file. */
function beginningOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(4096);
    return bytes.toString('latin1', 0, readSync(file, bytes));
  } finally {
    closeSync(file);
  }
}

/** Who has been kept out is no reason to end. */
const TURNED_AWAY = /notice: worker .* presented the wrong password/;

interface MakeflowEnd {
  stuck: boolean;
  code: number | null;
  killedBy: string | null;
  stderr: string;
}

function describeEnd(flow: FlowState, end: MakeflowEnd): string | undefined {
  if (isComplete(flow)) return undefined;
  if (end.stuck) return STUCK;
  if (flow.counts && flow.counts.failed > 0 && flow.ended === 'completed') return undefined;
  const how = end.killedBy ? `by ${end.killedBy}` : `with status ${end.code}`;
  const lines = readFileSync(end.stderr, 'utf8').trim().split('\n');
  const said = lines.findLast((line) => !TURNED_AWAY.test(line));
  return `makeflow ended ${how}${said ? `: ${said}` : ''}`;
}
