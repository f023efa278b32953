import { dirname, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { addLine } from '../../history/store.ts';
import { InputError } from '../../input/input-error.ts';
import { portFile } from '../../makeflow/work-queue.ts';
import type { Report } from '../../report/model.ts';
import { OUTPUT_LIMIT } from '../../step/stage-file.ts';
import { executeRun } from '../execution/execute.ts';
import { stepTokens } from '../execution/step-key.ts';
import { type LogStreams, startLogStreams } from '../execution/streams.ts';
import { readSecrets } from '../inputs/secrets.ts';
import { endBeforeSteps } from '../judging/no-step-ran.ts';
import { type LocalCluster, leastWorker, startLocalCluster } from '../local/local.ts';
import { checkLoopback } from '../local/loopback.ts';
import { EXPOSED, NO_FREE_PORT, type OpeningPort, openManagerPort } from '../local/manager-port.ts';
import { type ChosenOffer, localOffer, whatDoesNotFit } from '../local/offer.ts';
import type { RunEvent, RunView } from '../store/events.ts';
import type { RunJournal } from '../store/journal.ts';
import { LOCAL_DIR } from '../store/local-files.ts';
import { ObstacleError } from '../store/obstacle.ts';
import { asSpaceError } from '../store/space.ts';
import { takeStopRequest } from '../store/stop-request.ts';
import { batchOf } from './batch.ts';
import { brokenReport, type NotifyOptions, notifierOf } from './notifier.ts';
import { unknownName } from './own-name.ts';
import { asInputError } from './planning.ts';
import type { PreparedRun, StartedRun } from './prepare.ts';
import { whyWaiting } from './why-waiting.ts';

export interface ExecuteOptions extends ChosenOffer {
  notify: NotifyOptions;
  /** Addresses of the frameworks that may serve the run: they say why its steps wait. */
  frameworks: readonly string[];
  /** Gets warnings about the place where the run executes. */
  warn: (message: string) => void;
}

/** The number of steps from which memory counts more than CPU time. */
const LARGE = 20_000;
/** Pause between two checks for a request to stop. */
const LOOK_MS = 1000;

/** A run that is being executed. */
export interface RunHandle {
  /** Calls back for every later event, with the state of the run after it. */
  onEvent(listener: (event: RunEvent, view: RunView) => void): void;
  /** Stops it properly: its jobs are cancelled, and the steps that have ended are judged. @param by who stops it, for the report */
  stop(by: string): void;
  /**
   * The report. Rejects with an InputError for a mistake that is found only now, with an ObstacleError when something about this machine prevents the run, and
   * with any other error for an internal error. Then the run is broken, and the notifications were sent.
   */
  readonly report: Promise<Report>;
}

/** Executes a run: starts its cluster, receives the logs of its steps, runs its phases, decides the verdict, notifies. */
export function execute(started: StartedRun, options: ExecuteOptions): RunHandle {
  const { journal } = started;
  // By default, V8 lets the heap grow to several times what is in use: 200 MB more with 100,000 steps. Small runs end sooner so.
  if (started.plan.steps.length > LARGE) setFlagsFromString('--heap-growing-percent=30');
  const stop = new AbortController();
  const { path } = journal.run;
  // An earlier request was meant for an earlier process.
  takeStopRequest(path);
  const look = setInterval(() => {
    const by = takeStopRequest(path);
    if (by !== undefined) stop.abort(by);
  }, LOOK_MS);
  const report = started.ended
    ? notifyEnded(started, started.ended, options)
    : executeSteps(started, options, stop.signal);
  return {
    onEvent: (listener) => journal.onEvent(listener),
    stop: (by) => stop.abort(by),
    report: report.finally(() => clearInterval(look)),
  };
}

async function notifyEnded({ journal }: PreparedRun, report: Report, options: ExecuteOptions): Promise<Report> {
  const { notify } = options;
  await keepNight(journal, options);
  await notifierOf(journal, notify).finished(report);
  return report;
}

async function executeSteps(prepared: PreparedRun, options: ExecuteOptions, signal: AbortSignal): Promise<Report> {
  const { journal, plan } = prepared;
  const notifier = notifierOf(journal, options.notify);
  // Callers subscribe to events after this function has returned.
  await Promise.resolve();
  notifier.started(plan.steps.length);
  try {
    const report = await withServices(prepared, options, signal);
    await keepNight(journal, options, report);
    await notifier.finished(report);
    return report;
  } catch (error) {
    const cause = asInputError(asSpaceError(error as Error, journal.run.path));
    recordEnd(prepared, cause.message);
    await keepNight(journal, options);
    await notifier.finished(brokenReport(journal.record));
    throw cause;
  }
}

async function withServices(prepared: PreparedRun, options: ExecuteOptions, signal: AbortSignal): Promise<Report> {
  const { journal, lock, plan, again } = prepared;
  const { record } = journal;
  const { request, project } = record;
  let cluster: LocalCluster | undefined;
  let streams: LogStreams | undefined;
  let place: OpeningPort | undefined;
  try {
    if (request.local) checkLoopback();
    const secrets = readSecrets(request.secrets ?? []);
    streams = await startStreams(journal, Object.values(secrets));
    // The run does not wait for the answer.
    if (!request.local && request.logAddress === undefined) void unknownName().then((why) => why && options.warn(why));
    if (request.local) {
      const offer = localOffer(options, journal.run.path);
      place = await openManagerPort().catch(noFreePort);
      const least = leastWorker(plan);
      const tooLarge = whatDoesNotFit(plan, offer, least);
      if (tooLarge !== undefined) return await endTooLarge(prepared, tooLarge);
      const { containers } = prepared;
      const resources = { ...offer, least, ...(containers && { containers }) };
      cluster = await startLocalCluster(join(journal.run.path, LOCAL_DIR), project, resources, place);
    }
    if (cluster?.exposed !== undefined) {
      options.warn(`relval cannot create a network namespace on this machine (${cluster.exposed}): ${EXPOSED}`);
    }
    const batch = cluster?.batch ?? (await batchOf(record, journal.run.path));
    return await executeRun({
      journal,
      lock,
      plan,
      streams,
      secrets,
      replan: (bins) => again({ bins }),
      batch,
      retries: request.retries,
      signal,
      failed: cluster?.failed,
      whyWaiting: cluster
        ? whyWaiting(batch, project, cluster.frameworks)
        : whyWaiting(batch, project, options.frameworks, () => portFileOf(journal)),
      stepsEnded: () => void cluster?.stop(),
      stoppedBy: () => String(signal.reason),
    });
  } finally {
    await cluster?.stop();
    // A second time where the cluster has closed it already, which does no harm.
    await place?.opened.then(({ close }) => close());
    await streams?.close();
  }
}

function noFreePort(error: NodeJS.ErrnoException): never {
  if (error.code !== 'EADDRINUSE') throw error;
  throw new ObstacleError(NO_FREE_PORT);
}

/** @throws InputError when the address for logs does not belong to this machine */
async function startStreams({ run, record }: RunJournal, secrets: readonly string[]): Promise<LogStreams> {
  const { request } = record;
  const tokens = stepTokens(run);
  try {
    return await startLogStreams({
      local: request.local,
      address: request.logAddress,
      tokens,
      secrets,
      limit: request.logLimit ?? OUTPUT_LIMIT,
    });
  } catch (error) {
    throw new InputError([{ message: `relval cannot receive logs: ${(error as Error).message}; see --log-address` }]);
  }
}

function portFileOf({ run, view }: RunJournal): string {
  return portFile(join(run.work, `Makeflow.${view.phase}`));
}

/** A step would wait for ever. @throws InputError when steps have run already: their results are kept */
async function endTooLarge({ journal, plan }: PreparedRun, reason: string): Promise<Report> {
  if (journal.view.steps.size > 0) throw new InputError([{ message: reason }]);
  return endBeforeSteps(journal, plan, reason);
}

/** The line of the run in the history. The run has its verdict already, so a failure is only a warning. */
async function keepNight({ run, record }: RunJournal, { warn }: ExecuteOptions, report?: Report): Promise<void> {
  try {
    await addLine(dirname(run.path), { path: run.path, record, ...(report && { report }) });
  } catch (error) {
    warn(`the history does not have this run yet: ${(error as Error).message}`);
  }
}

/** If the end cannot be written because the disk is full, the run will show as interrupted. */
function recordEnd({ journal }: PreparedRun, reason: string): void {
  try {
    journal.end('broken', reason);
  } catch {
    // the process ends soon, and others see that
  }
}
