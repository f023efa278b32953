import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeOption } from '../config/options.ts';
import { InputError } from '../input/input-error.ts';
import { prepareRun } from '../runs/execution/execute.ts';
import { checkNeeds, handedOn, takeOutputs } from '../runs/inputs/earlier.ts';
import { copyInputs, requestOfCopy } from '../runs/inputs/input-copy.ts';
import { parseSecrets, readSecrets } from '../runs/inputs/secrets.ts';
import { checkChoice } from '../runs/judging/criteria.ts';
import { endUnstarted } from '../runs/judging/unstarted.ts';
import type { LocalContainers } from '../runs/local/containers.ts';
import { RunJournal } from '../runs/store/journal.ts';
import { lockRun, type RunLock } from '../runs/store/lock.ts';
import { type RunRecord, type RunRequest, runRequestSchema, thisProcess } from '../runs/store/record.ts';
import { releaseOf } from '../runs/store/release.ts';
import { type RunDir, RunStore } from '../runs/store/store.ts';
import { findNightly } from '../schedule/nightly.ts';
import type { Plan } from '../workflow/plan.ts';
import { asInputError, carryOut, checkTools, clusterOptions, planAgain, tellReport } from './carry-out.ts';
import { checkBefore, checkOptions } from './check.ts';
import { defineCommand } from './command.ts';
import { checkContainerFlags, containerOptions, containersFor, provideContainers } from './containers.ts';
import { chosenCriteria, criteriaOptions } from './criteria-options.ts';
import { detach } from './detach.ts';
import { warn } from './generate.ts';
import { besideInput, inputOptions, type LookFor, planRun } from './input-options.ts';
import { runsOption } from './inspect.ts';
import { checkLogAddress, logAddressOption } from './log-address.ts';
import { awaitTurn, nightlyArguments, removeOld } from './nightly.ts';

export const runCommand = defineCommand(
  (command) =>
    logAddressOption(checkOptions(criteriaOptions(containerOptions(clusterOptions(runsOption(inputOptions(command)))))))
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
      .option('secret', {
        type: 'string',
        array: true,
        default: [] as string[],
        nargs: 1,
        describe:
          'NAME[=FILE]: give payloads this variable, from our environment or a file, and mask its value in all logs',
      })
      .option('log-limit', {
        type: 'string',
        requiresArg: true,
        describe: 'Of longer logs the first and the last half of this size are kept, e.g. 100M; default 256M',
      })
      .option('check', {
        type: 'boolean',
        default: true,
        describe: 'Pre-flight checks before anything runs; --no-check leaves them out',
      })
      .option('nightly', {
        type: 'string',
        requiresArg: true,
        describe: 'File of nightlies: the input is the name of one of them. This is what schedulers call',
      })
      .option('any-time', {
        type: 'boolean',
        default: false,
        describe: 'With --nightly: start it now, whenever it was due',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Check everything, and run nothing' })
      .check(({ local, catalog, dryRun, from, startAt, only, nightly, anyTime, ...flags }) => {
        checkContainerFlags({ local, ...flags });
        if (from !== undefined && startAt === undefined && only === undefined)
          throw new InputError([{ message: 'run: --from RUN goes with --start-at STAGE or --only STEP' }]);
        if (anyTime && nightly === undefined)
          throw new InputError([{ message: 'run: --any-time goes with --nightly FILE' }]);
        if (nightly !== undefined || dryRun || local !== (catalog !== undefined)) return true;
        throw new InputError([{ message: 'run: give either --local, or --catalog HOST:PORT of a cluster' }]);
      }),
  async (given) => {
    checkTools();
    const nightly = given.nightly === undefined ? undefined : findNightly(given.nightly, given.input);
    const unready = nightly && !given.dryRun ? await awaitTurn(nightly, given.anyTime) : undefined;
    const chosen = nightly ? await nightlyArguments(nightly, given, Date.now()) : { args: given };
    const { args, release } = chosen;
    checkContainerFlags(args);
    if (args.catalog !== undefined) checkCatalog(args.catalog);
    if (args.logAddress !== undefined) checkLogAddress(args.logAddress);
    const store = new RunStore(args.runs);
    const from = args.from === undefined ? undefined : store.find(args.from);
    const request = parseRequest({
      ...args,
      input: resolve(args.input),
      secrets: parseSecrets(args.secret),
      logLimit: args.logLimit === undefined ? undefined : parseSize('--log-limit', args.logLimit),
      cwd: process.cwd(),
      ...(args.workflow !== undefined && { workflow: resolve(args.workflow) }),
      ...(from && { from: from.path }),
      nightly: nightly && { name: nightly.name, file: nightly.file },
      ...chosenCriteria(args, store),
    });
    checkChoice(request);
    const lookFor: LookFor = (file, madeBy) => [
      ...(from ? handedOn(from, file, madeBy) : []),
      ...besideInput(request.input)(file, madeBy),
    ];
    const trial = planRun(request, from ? { outputBase: from.path } : {}, lookFor);
    trial.warnings.push(...(await checkNeeds(trial.needs ?? [])));
    warn(trial);
    if (args.dryRun) {
      console.log(`${trial.steps.length} steps of ${trial.stages.length} stages would run; \`relval plan\` shows them`);
      return;
    }
    const name = runName(args.name ?? trial.name);
    readSecrets(request.secrets ?? []);
    const { id, run } = store.create(name, new Date());
    const lock = lockRun(run.path) as RunLock;
    const again = planAgain(requestOfCopy(run, request), run, (file, madeBy) => handedOn(run, file, madeBy));
    let plan: Plan;
    let containers: LocalContainers | undefined;
    try {
      copyInputs(run, trial);
      plan = again({});
      containers = await containersFor(request, plan, run.path);
      await prepareRun(run, plan, request);
      if (from) takeOutputs(from, run, plan);
    } catch (error) {
      rmSync(run.path, { recursive: true, force: true });
      throw asInputError(error as Error);
    }
    const journal = new RunJournal(run, newRecord({ id, run }, name, plan, request, release ?? releaseOf(plan)));
    journal.add({ type: 'created', name, workflow: plan.workflow });
    const obstacle =
      unready ??
      chosen.problem ??
      (args.check ? await checkBefore(journal, plan, args) : undefined) ??
      (containers && (await provideContainers(containers)));
    if (nightly) await removeOld(nightly);
    if (obstacle !== undefined) await tellReport(journal, await endUnstarted(journal, plan, obstacle), args);
    if (args.detach) await detach(run, lock, args);
    else await carryOut({ journal, lock, plan, again, containers }, args);
  },
);

/** @throws InputError a flag that was given twice, or a number that is none */
function parseRequest(flags: Record<string, unknown>): RunRequest {
  const parsed = runRequestSchema.safeParse(flags);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({
    message: `run: --${path.join('.').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${message}`,
  }));
  throw new InputError(problems);
}

export function checkCatalog(text: string): void {
  const port = Number(/^(?:\[[\da-fA-F:.]+\]|[^\s:]+):(\d+)$/.exec(text)?.[1]);
  if (port >= 1 && port <= 65_535) return;
  throw new InputError([{ message: `--catalog ${text}: expected HOST:PORT` }]);
}

export function runName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,99}$/.test(name)) return name;
  throw new InputError([
    { message: `--name ${JSON.stringify(name)}: expected letters, digits, ".", "_" and "-", a letter or digit first` },
  ]);
}

export function newRecord(
  { id, run }: { id: string; run: RunDir },
  name: string,
  plan: Plan,
  request: RunRequest,
  release?: string,
): RunRecord {
  return {
    schema: 'relval-run-1',
    id,
    name,
    workflow: plan.workflow,
    directory: run.path,
    request,
    state: 'preparing',
    process: thisProcess(),
    ...(release !== undefined && { release }),
    project: projectOf(id, request),
    created: Date.now(),
    totals: { steps: plan.steps.length, succeeded: 0, failed: 0, broken: 0, running: 0 },
  };
}

/** On a cluster a run that names its image says so in its project: docs/framework.md of the framework's pools. */
function projectOf(id: string, { local, image }: RunRequest): string {
  return local || image === undefined ? `relval-${id}` : `relval-${id}@image=${image}`;
}

const UNITS = ['', 'K', 'M', 'G'];
/** Bytes: less shows nothing. */
const SMALLEST_LOG = 4096;

/** `100M`, `1G`, `4096`: bytes. @throws InputError */
function parseSize(flag: string, text: string): number {
  const [, number, unit = ''] = /^(\d+)([KMG]?)$/i.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** UNITS.indexOf(unit.toUpperCase());
  if (bytes >= SMALLEST_LOG && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
  throw new InputError([{ message: `${flag} ${text}: expected a size of 4K at least, such as 100M` }]);
}
