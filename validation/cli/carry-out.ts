import { join } from 'node:path';
import pc from 'picocolors';
import type { Argv } from 'yargs';
import { describeOption } from '../config/options.ts';
import { InputError } from '../input/input-error.ts';
import { MakeflowError } from '../makeflow/write.ts';
import { diagnose, installCommand } from '../preflight/doctor.ts';
import type { Report, StepReport, Verdict } from '../report/model.ts';
import { renderResult } from '../report/text.ts';
import { executeRun } from '../runs/execution/execute.ts';
import { type LogStreams, startLogStreams } from '../runs/execution/streams.ts';
import { readSecrets } from '../runs/inputs/secrets.ts';
import type { LocalContainers } from '../runs/local/containers.ts';
import type { LocalCluster } from '../runs/local/local.ts';
import { LOCAL_DIR } from '../runs/local/local-files.ts';
import type { RunJournal } from '../runs/store/journal.ts';
import type { RunLock } from '../runs/store/lock.ts';
import type { RunRecord, RunRequest } from '../runs/store/record.ts';
import { asSpaceError, SpaceError } from '../runs/store/space.ts';
import type { RunDir } from '../runs/store/store.ts';
import { quote } from '../step/shell-words.ts';
import { OUTPUT_LIMIT } from '../step/stage-file.ts';
import type { Plan } from '../workflow/plan.ts';
import type { PlanOptions } from '../workflow/planner.ts';
import { type LookFor, planRun } from './input-options.ts';
import { brokenReport, type NotifierOptions, notifierOf, notifyOptions } from './notifier.ts';
import { pageOption, servePage } from './page.ts';
import { type Progress, progressFor } from './progress.ts';

const EXIT: Record<Verdict, number> = { passed: 0, failed: 1, broken: 3, interrupted: 130 };

/** The flags about how a run is carried out, now: shared by `run` and `resume`. */
export function clusterOptions<T>(yargs: Argv<T>) {
  return pageOption(notifyOptions(yargs))
    .group(['local', 'local-cpus', 'local-memory', 'catalog', 'log-address', 'detach', 'page'], 'Where it runs:')
    .option('local-cpus', { type: 'number', describe: describeOption('localCpus') })
    .option('local-memory', { type: 'number', describe: describeOption('localMemory') })
    .option('detach', {
      alias: 'd',
      type: 'boolean',
      default: false,
      describe: 'Run in the background, and leave it alone when this terminal goes',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print the report as JSON when it is over' });
}

/** Plans a run as it was asked for, as often as it is needed: first without the files that its stages make. */
export function planAgain(request: RunRequest, run: RunDir, lookFor: LookFor): (more: PlanOptions) => Plan {
  const options = { outputBase: run.path, ...(request.cwd !== undefined && { cwd: request.cwd }) };
  return (more) => planRun(request, { ...options, ...more }, lookFor);
}

export interface CarryOutOptions extends NotifierOptions {
  localCpus?: number | undefined;
  localMemory?: number | undefined;
  page?: string | undefined;
  json: boolean;
  /** Shows how it goes; default: a table, or lines, on stderr. */
  progress?: Progress;
  /** Prints what relval itself has to say; default: on stdout. */
  say?: (text: string) => void;
}

/** A run that is ready to be carried out. */
export interface PreparedRun {
  journal: RunJournal;
  lock: RunLock;
  plan: Plan;
  again: (more: PlanOptions) => Plan;
  /** What its workers on this machine run in; undefined: plain processes, or a cluster. */
  containers: LocalContainers | undefined;
}

/** From a prepared run to its exit status: cluster, logs, progress, signals, report. */
export async function carryOut(prepared: PreparedRun, options: CarryOutOptions): Promise<void> {
  const { journal, plan } = prepared;
  const { run, record } = journal;
  const stop = onSignals();
  const more = plan.pending.length > 0 ? ' and more' : '';
  const { say = console.log, progress = progressFor(process.stderr, Date.now()) } = options;
  if (!options.json) say(`${pc.bold(record.id)}: ${plan.steps.length} steps${more}, in ${run.path}`);
  journal.onEvent((event, view) => progress.event(event, view));
  const notifier = notifierOf(journal, options);
  notifier.started(plan.steps.length);
  let report: Report;
  try {
    report = await withServices(prepared, options, stop);
  } catch (error) {
    const cause = asInputError(asSpaceError(error as Error, run.path));
    tellEnd(journal, cause.message);
    await notifier.finished(brokenReport(journal.record));
    if (!(cause instanceof SpaceError)) throw cause;
    console.error(`relval: ${cause.message}\nThen: relval resume ${record.id}`);
    process.exit(EXIT.broken);
  } finally {
    await progress.close();
  }
  await tellReport(journal, report, options, notifier);
}

/** Prints what a run has come to, tells whoever is to be told, and ends with the exit status of its verdict. */
export async function tellReport(
  journal: RunJournal,
  report: Report,
  options: NotifierOptions & Pick<CarryOutOptions, 'json' | 'say'>,
  notifier = notifierOf(journal, options),
): Promise<never> {
  const { run, record } = journal;
  const { say = console.log } = options;
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else {
    say(`\n${renderResult(report, { colour: pc.isColorSupported })}`);
    const [only, ...others] = report.steps;
    const one = others.length === 0 ? only : undefined;
    say(`report: ${run.reportDir}/index.html\nlogs:   relval logs ${record.id} ${logToRead(report, one)}`);
    if (one?.outputDir !== undefined && one.outputs.length > 0) say(`output: ${one.outputDir}`);
  }
  await notifier.finished(report);
  process.exit(EXIT[report.verdict]);
}

/** Arguments of `relval logs` for the log to look at first: that of an error, a new one where there is one. */
function logToRead({ findings }: Report, only: StepReport | undefined): string {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const { step, file } = errors.find(({ age }) => age === 'new') ?? errors[0] ?? {};
  const name = step ?? only?.id ?? 'STEP';
  if (!file || file === 'stdout.log') return name;
  if (file === 'stderr.log') return `${name} --stderr`;
  return `${name} --file ${/^[\w./-]+$/.test(file) ? file : quote(file)}`;
}

async function withServices(
  { journal, lock, plan, again, containers }: PreparedRun,
  options: CarryOutOptions,
  stop: AbortController,
): Promise<Report> {
  const { run, record } = journal;
  const { request, project } = record;
  let cluster: LocalCluster | undefined;
  let streams: LogStreams | undefined;
  let page: Awaited<ReturnType<typeof servePage>> | undefined;
  try {
    if (options.page !== undefined) {
      page = await servePage(run, options.page);
      console.error(`page: ${page.url}`);
    }
    const secrets = readSecrets(request.secrets ?? []);
    streams = await startStreams(record, Object.values(secrets));
    if (request.local) cluster = await startCluster(journal, containers, options);
    return await executeRun({
      journal,
      lock,
      plan,
      streams,
      secrets,
      replan: (bins) => again({ bins }),
      batch: { type: 'wq', catalog: cluster?.catalog ?? (request.catalog as string), project },
      retries: request.retries,
      signal: stop.signal,
      stoppedBy: () => String(stop.signal.reason),
    });
  } finally {
    await cluster?.stop();
    await streams?.close();
    await page?.server.close();
  }
}

/** @throws InputError the address that workers are to find us by is none of ours */
async function startStreams({ request }: RunRecord, secrets: readonly string[]): Promise<LogStreams> {
  try {
    return await startLogStreams({
      local: request.local,
      address: request.logAddress,
      secrets,
      limit: request.logLimit ?? OUTPUT_LIMIT,
    });
  } catch (error) {
    throw new InputError([{ message: `logs cannot be received: ${(error as Error).message}; see --log-address` }]);
  }
}

/** The framework and all it needs is loaded only where it is used: other commands start in half the time. */
async function startCluster(
  { run, record }: RunJournal,
  containers: LocalContainers | undefined,
  options: CarryOutOptions,
): Promise<LocalCluster> {
  const { startLocalCluster } = await import('../runs/local/local.ts');
  return startLocalCluster(join(run.path, LOCAL_DIR), record.project, {
    ...(options.localCpus !== undefined && { cpus: options.localCpus }),
    ...(options.localMemory !== undefined && { memory: options.localMemory }),
    ...(containers && { containers }),
  });
}

/** What is not written down because the disk is full shows as an interrupted run. */
function tellEnd(journal: RunJournal, reason: string): void {
  try {
    journal.end('broken', reason);
  } catch {
    // the process is gone soon, and that is seen
  }
}

/** The first signal stops the run in order; a second one is for those who cannot wait. */
function onSignals(): AbortController {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      console.error(`\n${name}: stopping; once more to leave at once`);
      controller.abort(name);
    });
  }
  return controller;
}

/** @throws InputError that says how to install what is missing */
export function checkTools(): void {
  const missing = diagnose('run').filter(({ present }) => !present);
  if (missing.length === 0) return;
  const list = missing.map((entry) => `  ${entry.package}: ${entry.why}`).join('\n');
  throw new InputError([
    { message: `these packages are missing:\n${list}\nInstall them with\n  ${installCommand(missing)}` },
  ]);
}

/** What the user has given and makeflow cannot take is bad input, not a fault of ours. */
export function asInputError(error: Error): Error {
  if (error instanceof MakeflowError || error instanceof RangeError)
    return new InputError([{ message: error.message }]);
  return error;
}
