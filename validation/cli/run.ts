import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pc from 'picocolors';
import type { Argv } from 'yargs';
import { describeOption } from '../config/options.ts';
import { InputError } from '../jdl/problem.ts';
import { MakeflowError } from '../makeflow/write.ts';
import { diagnose, installCommand } from '../preflight/doctor.ts';
import type { Report, Verdict } from '../report/model.ts';
import { renderText } from '../report/text.ts';
import { checkNeeds, handedOn, takeOutputs } from '../runs/earlier.ts';
import { executeRun, prepareRun } from '../runs/execute.ts';
import { RunJournal } from '../runs/journal.ts';
import type { LocalCluster } from '../runs/local.ts';
import { isAlive, type RunRecord, type RunRequest, runRequestSchema, statusOf, thisProcess } from '../runs/record.ts';
import { type RunDir, RunStore } from '../runs/store.ts';
import type { Plan } from '../workflow/plan.ts';
import type { PlanOptions } from '../workflow/planner.ts';
import { warn } from './generate.ts';
import { besideInput, inputOptions, type LookFor, planRun } from './input-options.ts';
import { runsOption } from './inspect.ts';
import { progressFor } from './progress.ts';

const EXIT: Record<Verdict, number> = { passed: 0, failed: 1, broken: 3, interrupted: 130 };

function clusterOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('local-cpus', { type: 'number', describe: describeOption('localCpus') })
    .option('local-memory', { type: 'number', describe: describeOption('localMemory') })
    .option('json', { type: 'boolean', default: false, describe: 'Print the report as JSON when it is over' });
}

export function addRun(program: Argv): void {
  program.command(
    'run <input>',
    'Run a validation and judge it',
    (command) =>
      clusterOptions(runsOption(inputOptions(command)))
        .option('local', {
          type: 'boolean',
          default: false,
          describe: describeOption('local'),
        })
        .option('catalog', { type: 'string', describe: describeOption('catalog') })
        .option('from', {
          type: 'string',
          describe: 'With --start-at or --only: the run that has the outputs of the stages that are not run',
        })
        .option('name', { type: 'string', describe: 'Name of the run; default: that of the JDL' })
        .option('retries', { type: 'number', describe: describeOption('retries') })
        .option('dry-run', { type: 'boolean', default: false, describe: 'Check everything, and run nothing' })
        .check(({ local, catalog, dryRun, from, startAt, only }) => {
          if (from !== undefined && startAt === undefined && only === undefined)
            throw new InputError([{ message: 'run: --from RUN goes with --start-at STAGE or --only STEP' }]);
          if (dryRun || local !== (catalog !== undefined)) return true;
          throw new InputError([{ message: 'run: give either --local, or --catalog HOST:PORT of a cluster' }]);
        }),
    async (args) => {
      checkTools();
      if (args.catalog !== undefined) checkCatalog(args.catalog);
      const store = new RunStore(args.runs);
      const from = args.from === undefined ? undefined : store.find(args.from);
      const request = parseRequest({
        ...args,
        input: resolve(args.input),
        cwd: process.cwd(),
        ...(args.workflow !== undefined && { workflow: resolve(args.workflow) }),
        ...(from && { from: from.path }),
      });
      const lookFor: LookFor = (file, madeBy) => [
        ...(from ? handedOn(from, file, madeBy) : []),
        ...besideInput(request.input)(file, madeBy),
      ];
      const trial = planRun(request, from ? { outputBase: from.path } : {}, lookFor);
      trial.warnings.push(...(await checkNeeds(trial.needs ?? [])));
      warn(trial);
      if (args.dryRun) {
        console.log(
          `${trial.steps.length} steps of ${trial.stages.length} stages would run; \`relval plan\` shows them`,
        );
        return;
      }
      const name = runName(args.name ?? trial.name);
      const { id, run } = store.create(name, new Date());
      const again = planAgain(request, run, lookFor);
      const plan = again({});
      try {
        await prepareRun(run, plan);
        if (from) takeOutputs(from, run, plan);
      } catch (error) {
        rmSync(run.path, { recursive: true, force: true });
        throw asInputError(error);
      }
      const journal = new RunJournal(run, newRecord(id, name, plan, request));
      journal.add({ type: 'created', name, workflow: plan.workflow });
      await carryOut(journal, plan, again, args);
    },
  );
}

export function addResume(program: Argv): void {
  program.command(
    'resume <run>',
    'Go on with a run that was interrupted; what has succeeded is not run again',
    (command) =>
      clusterOptions(runsOption(command)).positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'Run id, or the beginning of one, or "last"',
      }),
    async (args) => {
      checkTools();
      const run = new RunStore(args.runs).find(args.run);
      const record = run.readRecord();
      const status = statusOf(record);
      if (status !== 'interrupted' && status !== 'broken') {
        throw new InputError([{ message: `${record.id} is ${status}: only interrupted and broken runs are resumed` }]);
      }
      const again = planAgain(record.request, run, (file, madeBy) => handedOn(run, file, madeBy));
      const plan = again({});
      const { verdict: _verdict, reason: _reason, ended: _ended, ...rest } = record;
      const journal = new RunJournal(run, { ...rest, state: 'preparing', process: thisProcess() });
      journal.add({ type: 'resumed', pid: process.pid });
      await carryOut(journal, plan, again, args);
    },
  );
}

export function addStop(program: Argv): void {
  program.command(
    'stop <run>',
    'Stop a run in order; it can be resumed',
    (command) =>
      runsOption(command).positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'Run id, or the beginning of one, or "last"',
      }),
    (args) => {
      const record = new RunStore(args.runs).find(args.run).readRecord();
      const status = statusOf(record);
      if (record.state === 'ended' || !isAlive(record.process)) {
        throw new InputError([{ message: `${record.id} does not run: it is ${status}` }]);
      }
      process.kill(record.process.pid, 'SIGTERM');
      console.log(`${record.id} is being stopped`);
    },
  );
}

/** @throws InputError a flag that was given twice, or a number that is none */
function parseRequest(flags: Record<string, unknown>): RunRequest {
  const parsed = runRequestSchema.safeParse(flags);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({
    message: `run: --${path.join('.').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${message}`,
  }));
  throw new InputError(problems);
}

/** Plans a run as it was asked for, as often as it is needed: first without the files that its stages make. */
function planAgain(request: RunRequest, run: RunDir, lookFor: LookFor): (more: PlanOptions) => Plan {
  const options = { outputBase: run.path, ...(request.cwd !== undefined && { cwd: request.cwd }) };
  return (more) => planRun(request, { ...options, ...more }, lookFor);
}

interface CarryOutOptions {
  localCpus?: number | undefined;
  localMemory?: number | undefined;
  json: boolean;
}

/** From a prepared run to its exit status: cluster, progress, signals, report. */
async function carryOut(
  journal: RunJournal,
  plan: Plan,
  again: (more: PlanOptions) => Plan,
  options: CarryOutOptions,
): Promise<void> {
  const { run, record } = journal;
  const stop = onSignals();
  const more = plan.pending.length > 0 ? ' and more' : '';
  if (!options.json) console.log(`${pc.bold(record.id)}: ${plan.steps.length} steps${more}, in ${run.path}`);
  const progress = progressFor(process.stderr, Date.now());
  journal.onEvent((event, view) => progress.event(event, view));
  let cluster: LocalCluster | undefined;
  let report: Report;
  try {
    const { request, project } = record;
    if (request.local) cluster = await startCluster(run, project, options);
    const catalog = cluster?.catalog ?? (request.catalog as string);
    report = await executeRun({
      journal,
      plan,
      replan: (bins) => again({ bins }),
      batch: { type: 'wq', catalog, project },
      retries: request.retries,
      signal: stop.signal,
      stoppedBy: () => String(stop.signal.reason),
    });
  } catch (error) {
    journal.end('broken', (error as Error).message);
    throw asInputError(error);
  } finally {
    progress.close();
    await cluster?.stop();
  }
  if (options.json) console.log(JSON.stringify(report, null, 2));
  else {
    console.log(`\n${renderText(report, { colour: pc.isColorSupported })}`);
    console.log(`report: ${run.reportDir}/index.html\nlogs:   relval logs ${record.id} STEP`);
  }
  process.exit(EXIT[report.verdict]);
}

/** The framework and all it needs is loaded only where it is used: other commands start in half the time. */
async function startCluster(run: RunDir, project: string, options: CarryOutOptions): Promise<LocalCluster> {
  const { startLocalCluster } = await import('../runs/local.ts');
  return startLocalCluster(join(run.path, 'local'), project, {
    ...(options.localCpus !== undefined && { cpus: options.localCpus }),
    ...(options.localMemory !== undefined && { memory: options.localMemory }),
  });
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

function checkTools(): void {
  const missing = diagnose('run').filter(({ present }) => !present);
  if (missing.length === 0) return;
  const list = missing.map((entry) => `  ${entry.package}: ${entry.why}`).join('\n');
  throw new InputError([
    { message: `these packages are missing:\n${list}\nInstall them with\n  ${installCommand(missing)}` },
  ]);
}

function checkCatalog(text: string): void {
  const port = Number(/^(?:\[[\da-fA-F:.]+\]|[^\s:]+):(\d+)$/.exec(text)?.[1]);
  if (port >= 1 && port <= 65_535) return;
  throw new InputError([{ message: `--catalog ${text}: expected HOST:PORT` }]);
}

function runName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,99}$/.test(name)) return name;
  throw new InputError([
    { message: `--name ${JSON.stringify(name)}: expected letters, digits, ".", "_" and "-", a letter or digit first` },
  ]);
}

function newRecord(id: string, name: string, plan: Plan, request: RunRequest): RunRecord {
  return {
    schema: 'relval-run-1',
    id,
    name,
    workflow: plan.workflow,
    request,
    state: 'preparing',
    process: thisProcess(),
    project: `relval-${id}`,
    created: Date.now(),
    totals: { steps: plan.steps.length, succeeded: 0, failed: 0, broken: 0, running: 0 },
  };
}

function asInputError(error: unknown): unknown {
  if (error instanceof MakeflowError || error instanceof RangeError)
    return new InputError([{ message: error.message }]);
  return error;
}
