import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { InputError } from '../jdl/problem.ts';
import type { LocalContainers } from '../runs/containers.ts';
import { checkNeeds, handedOn, takeOutputs } from '../runs/earlier.ts';
import { prepareRun } from '../runs/execute.ts';
import { RunJournal } from '../runs/journal.ts';
import { type RunRecord, type RunRequest, runRequestSchema, thisProcess } from '../runs/record.ts';
import { RunStore } from '../runs/store.ts';
import type { Plan } from '../workflow/plan.ts';
import { asInputError, carryOut, checkTools, clusterOptions, planAgain, provideContainers } from './carry-out.ts';
import { warn } from './generate.ts';
import { besideInput, inputOptions, type LookFor, planRun } from './input-options.ts';
import { runsOption } from './inspect.ts';

export function addRun(program: Argv): void {
  program.command(
    'run <input>',
    'Run a validation and judge it',
    (command) =>
      clusterOptions(runsOption(inputOptions(command)))
        .option('local', {
          type: 'boolean',
          default: false,
          describe: 'On this machine: starts catalog, master, framework and workers',
        })
        .option('catalog', { type: 'string', describe: 'HOST:PORT of the catalog server of a cluster' })
        .option('containerizer', {
          choices: ['process', 'docker', 'podman'] as const,
          describe: 'With --local: what workers run in; default: process',
        })
        .option('image', { type: 'string', describe: 'Image of the workers; default: what the stages name' })
        .option('volume', {
          alias: 'v',
          type: 'string',
          array: true,
          describe: 'HOST[:CONTAINER[:RO|RW]] mounted in the workers; repeatable',
        })
        .option('from', {
          type: 'string',
          describe: 'With --start-at or --only: the run that has the outputs of the stages that are not run',
        })
        .option('name', { type: 'string', describe: 'Name of the run; default: that of the JDL' })
        .option('retries', { type: 'number', describe: 'Times a step is tried again after an infrastructure failure' })
        .option('dry-run', { type: 'boolean', default: false, describe: 'Check everything, and run nothing' })
        .check(({ local, catalog, dryRun, from, startAt, only, containerizer = 'process', image, volume }) => {
          if (containerizer !== 'process' && !local)
            throw new InputError([{ message: 'run: --containerizer goes with --local; a cluster has pools' }]);
          if (containerizer === 'process' && (image !== undefined || volume !== undefined))
            throw new InputError([{ message: 'run: --image and --volume go with --containerizer docker or podman' }]);
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
      let containers: LocalContainers | undefined;
      try {
        containers = await provideContainers(request, plan, run.path);
        await prepareRun(run, plan);
        if (from) takeOutputs(from, run, plan);
      } catch (error) {
        rmSync(run.path, { recursive: true, force: true });
        throw asInputError(error);
      }
      const journal = new RunJournal(run, newRecord(id, name, plan, request));
      journal.add({ type: 'created', name, workflow: plan.workflow });
      await carryOut(journal, plan, again, args, containers);
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
