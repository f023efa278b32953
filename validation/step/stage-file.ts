import { baseName } from '../files/places.ts';
import type { InputFile, Stage, Step } from '../workflow/plan.ts';
import { safeName } from './names.ts';
import { quote, shellValue, shellWords } from './shell-words.ts';

/** An input that is sent with the step. The step does not fetch it. */
export type SentInput = Extract<InputFile, { kind: 'sent' | 'generated' | 'made' }>;

/** An input that an earlier step makes: its path or address, the step, and its name there. */
export interface Maker {
  from: string;
  step: string;
  output: string;
}

/** Where the data files of the stage are, as the step sees them. */
export interface StageFileOptions {
  /** The name of a sent, generated or made input beside the script. */
  alias: (input: SentInput) => string;
  /** Inputs that the step fetches from where an earlier step stores them. */
  makers?: readonly Maker[];
  /** Program that prints the environment of packages. @default alienv from CVMFS */
  alienv?: string | undefined;
  /** Seconds before the second of five attempts at a transfer; twice as many before the third, … @default 5 */
  copyPause?: number | undefined;
  /** Largest size of one log in a step's log bundle, and of all of them, in bytes. @default 10 MiB, 100 MiB */
  logLimit?: number | undefined;
  logsLimit?: number | undefined;
  /** Bytes of stdout, and of stderr, that are returned. A longer stream keeps its first and last halves. @default 256 MiB */
  outputLimit?: number | undefined;
  /** Seconds for everything after the payload: its logs, archives and transfers. @default AFTER_LIMIT, or the wall time where that is more */
  afterLimit?: number | undefined;
}

/**
 * Seconds for everything after the payload. Half an hour, because the five attempts at one transfer, of 100 s each, take ten
 * minutes with their pauses.
 */
const AFTER_LIMIT = 1800;

/** Default for the bytes that are kept of a step's stdout and of its stderr. */
export const OUTPUT_LIMIT = 256 << 20;
/** Its path in CVMFS. */
const ALIENV = '/cvmfs/alice.cern.ch/bin/alienv';

/** The memory allocator is left out, because it hides errors that a validation must find. */
const LEFT_OUT = 'jemalloc';

/**
 * What relval-step.sh must know about a stage, as bash source that it reads: assignments, and functions that assign values with
 * shell expressions, because the step's environment must expand those.
 * @param waits ids of steps whose failure keeps all steps of this stage from running
 * @throws {ShellTextError} for arguments or values that bash could not read
 * @throws {RangeError} for an index format that bash does not have, or an invalid name of a variable
 */
export function stageFile(stage: Stage, waits: readonly string[], options: StageFileOptions): string {
  const variables = new Map<string, string>();
  const nameVariable = (variable: string): string => {
    const name = variables.get(variable) ?? `rv_v${variables.size + 1}`;
    variables.set(variable, name);
    return name;
  };
  const value = (template: string): string => shellValue(template, nameVariable);
  const environment = stage.environment.map(([name, template]) => {
    if (!/^[A-Za-z_]\w*$/.test(name))
      throw new RangeError(`stage ${stage.name}: ${name} cannot be the name of an environment variable`);
    return `  export ${name}=${value(template)}`;
  });
  const argumentWords = shellWords(stage.argumentsTemplate, nameVariable);
  const outputDir = value(stage.outputDirTemplate);
  const {
    copyPause = 5,
    logLimit = 10 << 20,
    logsLimit = 100 << 20,
    outputLimit = OUTPUT_LIMIT,
    afterLimit = Math.max(AFTER_LIMIT, stage.resources.wallTime ?? 0),
    alienv = ALIENV,
  } = options;
  return [
    `# Stage ${safeName(stage.name)}, for relval-step.sh. Written by relval.`,
    `rv_stage_name=${quote(stage.name)}`,
    `rv_executable=${quote(stage.executable)}`,
    `rv_executable_path=${quote(stage.executablePath)}`,
    `rv_packages=${quote(stage.packages.filter((name) => !name.includes(LEFT_OUT)).join(','))}`,
    `rv_alienv=${quote(alienv)}`,
    `rv_environment_command=${quote(stage.environmentCommand ?? '')}`,
    `rv_wall_time=${stage.resources.wallTime ?? ''}`,
    `rv_after_limit=${afterLimit}`,
    `rv_copy_timeout=${stage.copyTimeout}`,
    `rv_copy_jobs=${stage.copyJobs}`,
    `rv_copy_pause=${copyPause}`,
    `rv_log_limit=${logLimit}`,
    `rv_logs_limit=${logsLimit}`,
    `rv_output_limit=${outputLimit}`,
    `rv_save_all=${stage.saveAll ? 1 : ''}`,
    `rv_optional_members=${stage.optionalMembers ? 1 : ''}`,
    `rv_dont_archive=${stage.dontArchive ? 1 : ''}`,
    `rv_blocking=${stage.onFailure === 'stop' ? 1 : ''}`,
    array(
      'rv_inputs',
      stage.inputs.map((input) => inputWords(input, options.alias)),
    ),
    array(
      'rv_outputs',
      stage.outputs.flatMap(({ archive, patterns }) => patterns.map((text) => [archive ?? '', text])),
    ),
    array(
      'rv_expects',
      stage.expects.map((pattern) => [pattern]),
    ),
    array(
      'rv_hands_on',
      stage.handsOn.map((file) => [file, safeName(file)]),
    ),
    waitsLine(waits),
    array(
      'rv_makers',
      (options.makers ?? []).map(({ from, step, output }) => [from, step, output]),
    ),
    block('rv_set_environment', environment),
    block('rv_set_arguments', ['  rv_arguments=(', ...argumentWords.map((word) => `    ${word}`), '  )']),
    block('rv_set_output_dir', [`  rv_output_dir=${outputDir}`]),
    block(
      'rv_set_variables',
      [...variables].map(([variable, name]) => `  ${assignVariable(variable, name)}`),
    ),
    '',
  ].join('\n');
}

/**
 * The differences between the steps of a stage other than their index, as one line of the stage's `.steps` list; undefined if
 * there are none.
 */
export function stepLine(step: Step, waits: readonly string[]): string | undefined {
  const parts: string[] = [];
  if (step.inputFile !== undefined) parts.push(`rv_input_file=${quote(baseName(step.inputFile))}`);
  if (step.expects?.length) parts.push(`rv_expects+=(${step.expects.map(quote).join(' ')})`);
  if (step.extraArguments?.length) parts.push(`rv_extra_arguments=(${step.extraArguments.map(quote).join(' ')})`);
  if (waits.length > 0) parts.push(waitsLine(waits));
  return parts.length === 0 ? undefined : `${step.id} ${parts.join('; ')}\n`;
}

function waitsLine(waits: readonly string[]): string {
  return `rv_waits=(${waits.join(' ')})`;
}

function inputWords(input: InputFile, alias: (input: SentInput) => string): string[] {
  const unpack = input.unpack ? 'unpack' : '';
  switch (input.kind) {
    case 'worker':
      return ['worker', input.path, input.name, unpack];
    case 'xrootd':
      return ['xrootd', input.url, input.name, unpack];
    default:
      return ['local', alias(input), input.name, unpack];
  }
}

function array(name: string, rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return `${name}=()`;
  return [`${name}=(`, ...rows.map((row) => `  ${row.map(quote).join(' ')}`), ')'].join('\n');
}

function block(name: string, lines: readonly string[]): string {
  return [`${name}() {`, ...(lines.length === 0 ? ['  :'] : lines), '}'].join('\n');
}

/** Bash source that gives a variable its value for one step. printf's length modifiers are removed: bash may not know them. */
function assignVariable(variable: string, name: string): string {
  const [, counter, format = 'i', from, to] =
    /^#(?:(alien_counter)(?:_(.+))?|alienfilename(?:\/(.+)\/(.*)\/)?)#$/s.exec(variable) ?? [];
  if (counter === undefined) {
    return from === undefined
      ? `${name}=\${rv_input_file##*/}`
      : `rv_replace ${name} ${quote(from)} ${quote(to ?? '')}`;
  }
  const [, flags, conversion] = /^([-+ 0']*\d*(?:\.\d*)?)(?:hh?|ll?|[jztqL])?([diouxX])$/.exec(format) ?? [];
  if (flags === undefined) throw new RangeError(`${variable}: ${format} is not a printf format for integers`);
  return `printf -v ${name} ${quote(`%${flags.replaceAll("'", '')}${conversion}`)} "$rv_index"`;
}
