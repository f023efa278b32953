import { copyFileSync, existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { describeOption } from '../config/options.ts';
import { InputError } from '../input/input-error.ts';
import { megabytes, seconds } from '../jdl/keys.ts';
import { prepareRun } from '../runs/execution/execute.ts';
import { requestOfCopy } from '../runs/inputs/input-copy.ts';
import { lookAtDirectory, packDirectory } from '../runs/inputs/sent-directory.ts';
import { checkChoice } from '../runs/judging/criteria.ts';
import { endUnstarted } from '../runs/judging/unstarted.ts';
import type { LocalContainers } from '../runs/local/containers.ts';
import { RunJournal } from '../runs/store/journal.ts';
import { lockRun, type RunLock } from '../runs/store/lock.ts';
import type { RunRequest } from '../runs/store/record.ts';
import { type RunDir, RunStore } from '../runs/store/store.ts';
import { quote } from '../step/shell-words.ts';
import { workflowOf } from '../workflow/one-command.ts';
import { asInputError, carryOut, checkTools, clusterOptions, planAgain, tellReport } from './carry-out.ts';
import { checkBefore, checkOptions } from './check.ts';
import { defineCommand } from './command.ts';
import { checkContainerFlags, containerOptions, containersFor, provideContainers } from './containers.ts';
import { chosenCriteria, criteriaOptions } from './criteria-options.ts';
import { detach } from './detach.ts';
import { execProgress } from './exec-progress.ts';
import { warn } from './generate.ts';
import { runsOption } from './inspect.ts';
import { checkLogAddress, logAddressOption } from './log-address.ts';
import { checkCatalog, newRecord, runName } from './run.ts';

/** What a run is made from is in its directory from the first: it needs no other copy. */
const FOLDER = 'input';
const WORKFLOW = 'relval-exec.yaml';
const ARCHIVE = 'relval-exec-files.tar.gz';
/** What stands there is of the system, or of an image, and is not sent. */
const SYSTEM = /^\/(bin|sbin|usr|lib\w*|opt|cvmfs|etc)\//;

export const execCommand = defineCommand(
  (command) =>
    logAddressOption(checkOptions(criteriaOptions(containerOptions(clusterOptions(runsOption(command))))))
      .usage(
        '$0 exec [options] -- CMD ARG…\n\nRuns one command as it is, as a step of a run: its log is kept and judged.',
      )
      .option('local', { type: 'boolean', default: false, describe: describeOption('local') })
      .option('catalog', { type: 'string', describe: describeOption('catalog') })
      .option('directory', {
        type: 'string',
        describe:
          'Directory to send with it, in which it is run; default: that of a script which is given as a path; --no-directory: the script alone',
      })
      .option('input', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'File or root:// address to have beside it; ,unpack behind it unpacks; repeatable',
      })
      .option('output', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Files to keep, a glob; none is a failure; repeatable',
      })
      .option('output-dir', {
        type: 'string',
        default: 'output',
        requiresArg: true,
        describe: 'Where they are stored: below the run, an absolute path, or root://…',
      })
      .option('cores', { type: 'number', describe: 'Cores that it needs' })
      .option('memory', { type: 'string', requiresArg: true, describe: 'Memory that it needs, such as 2GB' })
      .option('wall-time', { type: 'string', requiresArg: true, describe: 'It is killed after that, such as 2h' })
      .option('retries', { type: 'number', describe: describeOption('retries') })
      .option('name', { type: 'string', describe: 'Name of the run; default: that of the command' })
      .option('check', { type: 'boolean', default: true, describe: 'Pre-flight checks; --no-check leaves them out' }),
  async (args) => {
    checkTools();
    checkFlags(args);
    const words = (args['--'] as string[] | undefined) ?? [];
    const script = scriptOf(words, args.image !== undefined);
    const sent = sentBy(args, script);
    const name = runName(
      args.name ??
        basename(words[0] ?? '')
          .replace(/\.\w+$/, '')
          .replace(/[^\w.-]/g, '_'),
    );
    const store = new RunStore(args.runs);
    const criteria = chosenCriteria(args, store);
    checkChoice(criteria);
    const { id, run } = store.create(name, new Date());
    const lock = lockRun(run.path) as RunLock;
    const request: RunRequest = {
      input: join(run.path, FOLDER, WORKFLOW),
      command: words,
      set: [],
      setAppend: [],
      lenient: false,
      local: args.local,
      ...(args.catalog !== undefined && { catalog: args.catalog }),
      ...(args.logAddress !== undefined && { logAddress: args.logAddress }),
      ...(args.retries !== undefined && { retries: args.retries }),
      ...(args.containerizer && { containerizer: args.containerizer }),
      ...(args.image !== undefined && { image: args.image }),
      ...(args.volume && { volume: args.volume }),
      ...(args.jira !== undefined && { jira: args.jira }),
      ...criteria,
    };
    const again = planAgain(requestOfCopy(run, request), run, () => []);
    let plan: ReturnType<typeof again>;
    let containers: LocalContainers | undefined;
    try {
      await writeFolder(run, words, script, sent, args, name);
      plan = again({});
      containers = await containersFor(request, plan, run.path);
      await prepareRun(run, plan, request);
    } catch (error) {
      rmSync(run.path, { recursive: true, force: true });
      throw asInputError(error as Error);
    }
    plan.warnings.push(...(sent?.warnings ?? []));
    warn(plan);
    const journal = new RunJournal(run, newRecord({ id, run }, name, plan, request));
    journal.add({ type: 'created', name, workflow: plan.workflow });
    const obstacle =
      (args.check ? await checkBefore(journal, plan, args) : undefined) ??
      (containers && (await provideContainers(containers)));
    // What the command prints has stdout for itself.
    const options = { ...args, say: (text: string) => console.error(text) };
    if (obstacle !== undefined) await tellReport(journal, await endUnstarted(journal, plan, obstacle), options);
    if (args.detach) return detach(run, lock, args);
    const progress = execProgress(run, plan.steps[0]?.id ?? '', !args.json);
    await carryOut({ journal, lock, plan, again, containers }, { ...options, progress });
  },
);

interface ExecArguments {
  containerizer?: 'process' | 'docker' | 'podman' | undefined;
  volume?: string[] | undefined;
  image?: string | undefined;
  local: boolean;
  catalog?: string | undefined;
  logAddress?: string | undefined;
  directory?: string | undefined;
  runs: string;
  input: string[];
  output: string[];
  outputDir: string;
  cores?: number | undefined;
  memory?: string | undefined;
  wallTime?: string | undefined;
  retries?: number | undefined;
}

function fail(message: string): never {
  throw new InputError([{ message: `exec: ${message}` }]);
}

function checkFlags(args: ExecArguments): void {
  const { local, catalog, logAddress, cores, memory, wallTime, retries } = args;
  if (local === (catalog !== undefined)) fail('give either --local, or --catalog HOST:PORT of a cluster');
  if (catalog !== undefined) checkCatalog(catalog);
  if (logAddress !== undefined) checkLogAddress(logAddress);
  checkContainerFlags(args);
  if (cores !== undefined && !(Number.isInteger(cores) && cores > 0)) fail('--cores: expected a number of cores');
  if (memory !== undefined && megabytes(memory) === undefined) fail(`--memory ${memory}: expected a size such as 2GB`);
  if (wallTime !== undefined && seconds(wallTime) === undefined)
    fail(`--wall-time ${wallTime}: expected a time such as 2h`);
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0)) fail('--retries: expected a number');
}

/**
 * The local script that a command is; undefined for a program that the worker has.
 * @throws InputError there is none, or it cannot be run
 */
function scriptOf([program]: readonly string[], inImage: boolean): string | undefined {
  if (program === undefined || program === '') return fail('which command? relval exec --local -- CMD ARG…');
  const path = resolve(program);
  const info = statSync(path, { throwIfNoEntry: false });
  // A name without a slash is looked for in PATH, as a shell does it.
  if (!program.includes('/')) {
    if (info?.isFile())
      console.error(`${program} is run from the PATH of the worker; ./${program} would be the file here`);
    return undefined;
  }
  if (SYSTEM.test(path)) return undefined;
  if (!info) {
    if (inImage && program.startsWith('/')) return undefined;
    return fail(`${program}: no such file`);
  }
  if (!info.isFile()) return fail(`${program} is not a file`);
  if ((info.mode & 0o111) === 0) {
    return fail(
      `${program} is not executable, and would not be anywhere else:\n  chmod +x ${shellWord(program)}\nor name what runs it:\n  relval exec … --directory ${shellWord(dirname(program))} -- bash ${shellWord(`./${basename(program)}`)}`,
    );
  }
  return path;
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : quote(text);
}

function sentBy({ directory, runs }: ExecArguments, script: string | undefined) {
  // yargs says false for --no-directory.
  if ((directory as unknown) === false) return undefined;
  const path = directory === undefined ? script && dirname(script) : resolve(directory);
  if (path === undefined) return undefined;
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) fail(`--directory ${directory}: no such directory`);
  if (script !== undefined && dirname(script) !== path && !script.startsWith(`${path}/`)) {
    fail(`${script} is not in --directory ${directory}: it would not be sent`);
  }
  return lookAtDirectory(path, [resolve(runs)]);
}

/** Puts together what the run is made from: the workflow of one step, the archive of the directory, the inputs. */
async function writeFolder(
  run: RunDir,
  words: readonly string[],
  script: string | undefined,
  sent: ReturnType<typeof sentBy>,
  args: ExecArguments,
  name: string,
): Promise<void> {
  const folder = join(run.path, FOLDER);
  mkdirSync(folder);
  const inputs: string[] = [];
  const root = sent?.path ?? (script === undefined ? undefined : dirname(script));
  if (root !== undefined) {
    const archive = join(folder, ARCHIVE);
    if (sent) await packDirectory(sent, archive);
    else
      await packDirectory(
        { path: root, leftOut: [], names: new Set(), warnings: [] },
        archive,
        basename(script as string),
      );
    inputs.push(`${ARCHIVE},unpack`);
  }
  for (const input of args.input) inputs.push(copyInput(input, folder));
  const program = script === undefined || root === undefined ? words[0] : `./${script.slice(root.length + 1)}`;
  const taken = new Set([
    ...(sent?.names ?? []),
    ...inputs.map((input) => input.replace(/,unpack$/, '')),
    ...(script ? [basename(script)] : []),
  ]);
  const { output, outputDir, image, cores, memory, wallTime } = args;
  const command = {
    name,
    words: [program as string, ...words.slice(1)],
    inputs,
    outputs: output,
    outputDir,
    image,
    cores,
    memory,
    wallTime,
  };
  writeFileSync(join(folder, WORKFLOW), workflowOf(command, taken));
}

/** @returns the input as the workflow names it */
function copyInput(input: string, folder: string): string {
  if (input.startsWith('root://')) return input;
  const unpack = input.endsWith(',unpack') ? ',unpack' : '';
  const path = unpack ? input.slice(0, -unpack.length) : input;
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) fail(`--input ${path}: no such file`);
  const name = basename(path);
  if (name.includes('{{')) fail(`--input ${path}: '{{' cannot be in a name`);
  if (existsSync(join(folder, name))) fail(`--input ${path}: a second file named ${name}`);
  copyFileSync(path, join(folder, name));
  return `${name}${unpack}`;
}
