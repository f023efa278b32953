import { join } from 'node:path';
import { InputError } from '../../input/input-error.ts';
import type { Report } from '../../report/model.ts';
import { OUTPUT_LIMIT } from '../../step/stage-file.ts';
import { executeRun } from '../execution/execute.ts';
import { stepTokens } from '../execution/step-key.ts';
import { type LogStreams, startLogStreams } from '../execution/streams.ts';
import { readSecrets } from '../inputs/secrets.ts';
import { endBeforeSteps } from '../judging/no-step-ran.ts';
import type { LocalCluster } from '../local/local.ts';
import { checkLoopback } from '../local/loopback.ts';
import { EXPOSED } from '../local/manager-port.ts';
import { type LocalOffer, localOffer, whatDoesNotFit } from '../local/offer.ts';
import type { RunEvent, RunView } from '../store/events.ts';
import type { RunJournal } from '../store/journal.ts';
import { LOCAL_DIR } from '../store/local-files.ts';
import { ObstacleError } from '../store/obstacle.ts';
import { asSpaceError } from '../store/space.ts';
import { takeStopRequest } from '../store/stop-request.ts';
import { brokenReport, type NotifyOptions, notifierOf } from './notifier.ts';
import { asInputError } from './planning.ts';
import type { PreparedRun, StartedRun } from './prepare.ts';
import { whyWaiting } from './why-waiting.ts';

export interface ExecuteOptions {
  /** With a run on this machine: cores that its steps may have. */
  localCpus?: number | undefined;
  /** The same, MB of memory. */
  localMemory?: number | undefined;
  /** The same, GPUs. */
  localGpus?: number | undefined;
  notify: NotifyOptions;
  /** Addresses of the frameworks that may serve the run: they say why its steps wait. */
  frameworks: readonly string[];
  /** Gets what its users should know of the place in which it runs. */
  warn: (message: string) => void;
}

/** How often the run's directory is looked at for somebody who wants it to stop. */
const LOOK_MS = 1000;

/** A run that goes on. */
export interface RunHandle {
  /** Gets every event from now on, and how far the run is after it. */
  onEvent(listener: (event: RunEvent, view: RunView) => void): void;
  /** Ends it in order: jobs are cancelled, what there is is judged. @param by who stops it, for the report */
  stop(by: string): void;
  /**
   * How it ended. Rejects with an InputError for a mistake that shows only now, with an ObstacleError when something about this machine keeps it from going on, and
   * with any other error for a fault of relval; the run is broken then, and whoever is to be told has been told.
   */
  readonly report: Promise<Report>;
}

/** Executes a run: starts its cluster, receives the logs of its steps, runs its phases, decides the verdict, notifies. */
export function execute(started: StartedRun, options: ExecuteOptions): RunHandle {
  const { journal } = started;
  const stop = new AbortController();
  const { path } = journal.run;
  // One of before was for whoever carried the run then.
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

async function notifyEnded({ journal }: PreparedRun, report: Report, { notify }: ExecuteOptions): Promise<Report> {
  await notifierOf(journal, notify).finished(report);
  return report;
}

async function executeSteps(prepared: PreparedRun, options: ExecuteOptions, signal: AbortSignal): Promise<Report> {
  const { journal, plan } = prepared;
  const notifier = notifierOf(journal, options.notify);
  // Who wants to see its events asks for them once this function has returned.
  await Promise.resolve();
  notifier.started(plan.steps.length);
  try {
    const report = await withServices(prepared, options, signal);
    await notifier.finished(report);
    return report;
  } catch (error) {
    const cause = asInputError(asSpaceError(error as Error, journal.run.path));
    recordEnd(prepared, cause.message);
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
  try {
    if (request.local) checkLoopback();
    const secrets = readSecrets(request.secrets ?? []);
    streams = await startStreams(journal, Object.values(secrets));
    if (request.local) {
      const offer = offerOf(options, journal.run.path);
      // The framework and all it needs is loaded only where it is used: other commands start in half the time.
      const local = await import('../local/local.ts');
      const tooLarge = whatDoesNotFit(plan, offer, local.LEAST_WORKER);
      if (tooLarge !== undefined) return await endTooLarge(prepared, tooLarge);
      const { containers } = prepared;
      cluster = await local
        .startLocalCluster(join(journal.run.path, LOCAL_DIR), project, {
          ...offer,
          ...(containers && { containers }),
        })
        .catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'EADDRINUSE') throw error;
          throw new ObstacleError('127.0.0.1 has no free TCP port (ss -tanp shows which processes have them)');
        });
    }
    if (cluster?.exposed !== undefined) {
      options.warn(`relval cannot create a network namespace on this machine (${cluster.exposed}): ${EXPOSED}`);
    }
    return await executeRun({
      journal,
      lock,
      plan,
      streams,
      secrets,
      replan: (bins) => again({ bins }),
      batch: cluster?.batch ?? {
        type: 'wq',
        catalog: request.catalog as string,
        project,
        passwordFile: request.password,
      },
      retries: request.retries,
      signal,
      failed: cluster?.failed,
      whyWaiting: whyWaiting(project, cluster ? [cluster.url] : options.frameworks),
      stoppedBy: () => String(signal.reason),
    });
  } finally {
    await cluster?.stop();
    await streams?.close();
  }
}

/** @throws InputError the address by which workers are to find us is none of this machine's */
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

function offerOf({ localCpus, localMemory, localGpus }: ExecuteOptions, directory: string): LocalOffer {
  const cpus = localCpus !== undefined && { cpus: localCpus };
  const memory = localMemory !== undefined && { memory: localMemory };
  const gpus = localGpus !== undefined && { gpus: localGpus };
  return localOffer({ ...cpus, ...memory, ...gpus }, directory);
}

/** A step would wait for ever. Steps that have run before stay judged as they are. @throws InputError it has such */
async function endTooLarge({ journal, plan }: PreparedRun, reason: string): Promise<Report> {
  if (journal.view.steps.size > 0) throw new InputError([{ message: reason }]);
  return endBeforeSteps(journal, plan, reason);
}

/** What cannot be written down because the disk is full shows as an interrupted run. */
function recordEnd({ journal }: PreparedRun, reason: string): void {
  try {
    journal.end('broken', reason);
  } catch {
    // the process is gone soon, and that is seen
  }
}
