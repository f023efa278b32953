import { spawnSync } from 'node:child_process';
import { isXrootd } from '../files/places.ts';
import type { Position } from '../input/input-error.ts';
import { ShellTextError, shellValue, shellWords } from '../step/shell-words.ts';
import { fail } from './errors.ts';
import type { InputFile, Stage } from './plan.ts';

/** The places in the JDL or workflow file from which a stage was made. */
export interface StagePlaces {
  command?: { text: string; at: Position } | undefined;
  outputDir: Position;
  arguments: Position;
  environmentCommand: Position;
  inputs: Position;
  outputs: Position;
  /** The place of an exported variable. */
  variable(name: string): Position;
}

/** Files that relval-step.sh itself creates in the directory of a step. */
const OWN_FILES = ['stdout.log', 'stderr.log', '.', '..'];
/** Archives that relval-step.sh can unpack. */
const ARCHIVE = /\.(tar\.gz|tgz|tar\.bz2|zip)$/;

/**
 * Finds mistakes that would otherwise appear only where the step runs, and would look there like a failure of the
 * infrastructure or of the release.
 * @throws {WorkflowError} with the position of the mistake
 */
export function checkStage(stage: Stage, places: StagePlaces): void {
  const { name, outputDirTemplate, argumentsTemplate, environment, environmentCommand, inputs, outputs } = stage;
  if (!isXrootd(outputDirTemplate) && /^[A-Za-z][\w+.-]*:\/\//.test(outputDirTemplate)) {
    fail(`stage ${name}: the OutputDir ${outputDirTemplate} is neither a path nor a root:// address`, places.outputDir);
  }
  readable(`the OutputDir of ${name}`, places.outputDir, () => shellValue(outputDirTemplate, () => 'v'));
  readable(`the arguments of ${name}`, places.arguments, () => shellWords(argumentsTemplate, () => 'v'));
  for (const [variable, template] of environment) {
    readable(`${variable} of ${name}`, places.variable(variable), () => shellValue(template, () => 'v'));
  }
  for (const input of inputs) checkInput(input, places.inputs);
  for (const { archive = '' } of outputs) {
    if (!/^$|^(?![-/])(?!.*(^|\/)\.\.?(\/|$))/.test(archive) || archive.endsWith('/'))
      fail(`stage ${name}: an archive cannot have the name '${archive}'`, places.outputs);
  }
  if (places.command) checkShell(`the command of ${name}`, places.command.text, places.command.at);
  if (environmentCommand) checkShell('EnvironmentCommand', environmentCommand, places.environmentCommand);
}

function readable(what: string, at: Position, read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (error instanceof ShellTextError) fail(`${what}: ${error.message}`, at);
    throw error;
  }
}

function checkInput({ name, unpack }: InputFile, at: Position): void {
  if (OWN_FILES.includes(name))
    fail(`an input file cannot have the name ${name}, because every step has a file of that name`, at);
  if (unpack && !ARCHIVE.test(name))
    fail(`the input file ${name} cannot be unpacked: its name must end in .tar.gz, .tgz, .tar.bz2 or .zip`, at);
}

/** By the text of the code: many stages have the same environment. */
const checked = new Map<string, string | undefined>();

/** Lets bash check shell code without running it. Where bash is missing nothing is checked. */
function checkShell(what: string, code: string, at: Position): void {
  if (!checked.has(code)) {
    const { status, stderr } = spawnSync('bash', ['-n'], {
      input: code,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
      timeout: 10_000,
    });
    const [, line, message] = /^bash: line (\d+): (.*)/m.exec(stderr ?? '') ?? [];
    checked.set(code, status === 2 && message !== undefined ? `line ${line}: ${message}` : undefined);
  }
  const said = checked.get(code);
  if (said !== undefined) fail(`bash cannot read ${what}: ${said}`, at);
}
