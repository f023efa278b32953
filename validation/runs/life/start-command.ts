import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isXrootd } from '../../files/places.ts';
import { InputError } from '../../input/input-error.ts';
import { quote } from '../../step/shell-words.ts';
import { megabytes, seconds } from '../../units/parse.ts';
import { workflowOf } from '../../workflow/one-command.ts';
import { lookAtDirectory, packDirectory } from '../inputs/sent-directory.ts';
import { checkChoice } from '../judging/criteria.ts';
import type { RunRequest } from '../store/record.ts';
import { type RunDir, RunStore } from '../store/store.ts';
import { passwordOf } from './password.ts';
import { createRun, type StartedRun } from './prepare.ts';
import { checkStart, type StartOptions } from './start.ts';
import { checkName, checkPlace, chosenCriteria, type WantedCriteria, type WantedPlace } from './wanted.ts';

/** One command that will be the only step of a run. */
export interface WantedCommand extends WantedPlace, WantedCriteria {
  /** The program and its arguments. */
  words: readonly string[];
  /** Directory of runs. */
  runs: string;
  name?: string | undefined;
  /** Directory that is sent with it; false: none. Default: the directory of the script, if the command is a path. */
  directory?: string | false | undefined;
  /** Files or root:// addresses; with `,unpack` after those to be unpacked. */
  input: string[];
  /** Globs. */
  output: string[];
  outputDir: string;
  cores?: number | undefined;
  gpus?: number | undefined;
  /** Such as `2GB`. */
  memory?: string | undefined;
  /** Such as `2h`. */
  wallTime?: string | undefined;
  retries?: number | undefined;
  jira?: string | undefined;
}

/** The inputs of such a run are made in its directory, so they need no other copy. */
const FOLDER = 'input';
const WORKFLOW = 'relval-exec.yaml';
const ARCHIVE = 'relval-exec-files.tar.gz';
/** Files below these belong to the system or to an image, and are not sent. */
const SYSTEM = /^\/(bin|sbin|usr|lib\w*|opt|cvmfs|etc)\//;

/**
 * Starts a run of one command: everything until its step can run.
 * @throws InputError for a mistake in the request; then no run is made
 */
export async function startCommand(wanted: WantedCommand, options: StartOptions): Promise<StartedRun> {
  checkPlace(wanted);
  checkNeeds(wanted);
  const script = scriptOf(wanted, options.say);
  const sent = sentBy(wanted, script);
  const name = checkName(wanted.name ?? nameOf(wanted.words[0] ?? ''));
  const store = new RunStore(wanted.runs);
  const criteria = chosenCriteria(wanted, store);
  checkChoice(criteria);
  const warnings = [...(sent?.warnings ?? [])];
  const password = passwordOf(wanted, false, (message) => warnings.push(message));
  const prepared = await createRun({
    store,
    name,
    fill: async (run) => {
      await writeFolder(run, wanted.words, script, sent, wanted, name);
      return { ...requestOf(wanted, run), ...(password !== undefined && { password }), ...criteria };
    },
  });
  options.warn([...prepared.plan.warnings, ...warnings]);
  return checkStart(prepared, undefined, options);
}

function nameOf(program: string): string {
  return basename(program)
    .replace(/\.\w+$/, '')
    .replace(/[^\w.-]/g, '_');
}

function requestOf(wanted: WantedCommand, run: RunDir): RunRequest {
  const { words, local, catalog, batch, schedd, pool, logAddress, retries, containerizer, image, volume, jira } =
    wanted;
  return {
    input: join(run.path, FOLDER, WORKFLOW),
    command: [...words],
    set: [],
    setAppend: [],
    lenient: false,
    local,
    ...(catalog !== undefined && { catalog }),
    ...(batch !== undefined && { batch }),
    ...(schedd !== undefined && { schedd }),
    ...(pool !== undefined && { pool }),
    ...(logAddress !== undefined && { logAddress }),
    ...(retries !== undefined && { retries }),
    ...(containerizer && { containerizer }),
    ...(image !== undefined && { image }),
    ...(volume && { volume }),
    ...(jira !== undefined && { jira }),
  };
}

function fail(message: string): never {
  throw new InputError([{ message: `exec: ${message}` }]);
}

function checkNeeds({ cores, gpus, memory, wallTime, retries }: WantedCommand): void {
  if (cores !== undefined && !(Number.isInteger(cores) && cores > 0)) fail('--cores: expected a number of cores');
  if (gpus !== undefined && !(Number.isInteger(gpus) && gpus >= 0)) fail('--gpus: expected a number of GPUs');
  if (memory !== undefined && megabytes(memory) === undefined) fail(`--memory ${memory}: expected a size such as 2GB`);
  if (wallTime !== undefined && seconds(wallTime) === undefined)
    fail(`--wall-time ${wallTime}: expected a time such as 2h`);
  if (retries !== undefined && !(Number.isInteger(retries) && retries >= 0)) fail('--retries: expected a number');
}

/**
 * The local script of a command; undefined for a program of the worker.
 * @throws InputError when it does not exist, or is not executable
 */
function scriptOf({ words: [program], image }: WantedCommand, say: (text: string) => void): string | undefined {
  if (program === undefined || program === '') return fail('a command is missing: relval exec --local -- CMD ARG…');
  const path = resolve(program);
  const info = statSync(path, { throwIfNoEntry: false });
  // A name without a slash is searched in PATH, as in a shell.
  if (!program.includes('/')) {
    if (info?.isFile())
      say(`the worker takes ${program} from its PATH; to run the file in this directory, write ./${program}`);
    return undefined;
  }
  if (SYSTEM.test(path)) return undefined;
  if (!info) {
    if (image !== undefined && program.startsWith('/')) return undefined;
    return fail(`${program}: no such file`);
  }
  if (!info.isFile()) return fail(`${program} is not a file`);
  if ((info.mode & 0o111) === 0) {
    return fail(
      `${program} is not executable. Make it executable:\n  chmod +x ${shellWord(program)}\nor give the program that runs it:\n  relval exec … --directory ${shellWord(dirname(program))} -- bash ${shellWord(`./${basename(program)}`)}`,
    );
  }
  return path;
}

function shellWord(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : quote(text);
}

function sentBy({ directory, runs }: WantedCommand, script: string | undefined) {
  if (directory === false) return undefined;
  const path = directory === undefined ? script && dirname(script) : resolve(directory);
  if (path === undefined) return undefined;
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) fail(`--directory ${directory}: no such directory`);
  if (script !== undefined && dirname(script) !== path && !script.startsWith(`${path}/`)) {
    fail(`${script} is not in --directory ${directory}, so it would not be sent`);
  }
  return lookAtDirectory(path, [resolve(runs)]);
}

/** Writes the inputs of the run: the workflow of one step, the archive of the directory, the files. */
async function writeFolder(
  run: RunDir,
  words: readonly string[],
  script: string | undefined,
  sent: ReturnType<typeof sentBy>,
  wanted: WantedCommand,
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
  for (const input of wanted.input) inputs.push(copyInput(input, folder));
  const program = script === undefined || root === undefined ? words[0] : `./${script.slice(root.length + 1)}`;
  const taken = new Set([
    ...(sent?.names ?? []),
    ...inputs.map((input) => input.replace(/,unpack$/, '')),
    ...(script ? [basename(script)] : []),
  ]);
  const { output, outputDir, image, cores, gpus, memory, wallTime } = wanted;
  const command = {
    name,
    words: [program as string, ...words.slice(1)],
    inputs,
    outputs: output,
    outputDir,
    image,
    cores,
    gpus,
    memory,
    wallTime,
  };
  writeFileSync(join(folder, WORKFLOW), workflowOf(command, taken));
}

/** @returns the input as the workflow names it */
function copyInput(input: string, folder: string): string {
  if (isXrootd(input)) return input;
  const unpack = input.endsWith(',unpack') ? ',unpack' : '';
  const path = unpack ? input.slice(0, -unpack.length) : input;
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) fail(`--input ${path}: no such file`);
  const name = basename(path);
  if (name.includes('{{')) fail(`--input ${path}: a file name must not contain '{{'`);
  if (existsSync(join(folder, name))) fail(`--input ${path}: another input has the same name ${name}`);
  copyFileSync(path, join(folder, name));
  return `${name}${unpack}`;
}
