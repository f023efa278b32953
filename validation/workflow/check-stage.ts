import { spawnSync } from 'node:child_process';
import { isXrootd } from '../files/places.ts';
import type { Position } from '../input/input-error.ts';
import { ShellTextError, shellValue, shellWords } from '../step/shell-words.ts';
import { fail } from './errors.ts';
import type { InputFile, Stage } from './plan.ts';

/** Where what a stage was made from stands. */
export interface StagePlaces {
  command?: { text: string; at: Position } | undefined;
  outputDir: Position;
  arguments: Position;
  environmentCommand: Position;
  inputs: Position;
  outputs: Position;
  /** Of an exported variable. */
  variable(name: string): Position;
}

/** What relval-step.sh makes itself in the directory of a step. */
const OWN_FILES = ['stdout.log', 'stderr.log', '.', '..'];
/** What relval-step.sh unpacks. */
const ARCHIVE = /\.(tar\.gz|tgz|tar\.bz2|zip)$/;

/**
 * Looks for mistakes that would otherwise be seen where the step runs, and be taken there for a failure of the
 * infrastructure or of the release.
 * @throws {WorkflowError} with the position of the mistake
 */
export function checkStage(stage: Stage, places: StagePlaces): void {
  const { name, outputDirTemplate, argumentsTemplate, environment, environmentCommand, inputs, outputs } = stage;
  if (!isXrootd(outputDirTemplate) && /^[A-Za-z][\w+.-]*:\/\//.test(outputDirTemplate)) {
    fail(`${name}: outputs cannot go to ${outputDirTemplate}: expected a path or a root:// address`, places.outputDir);
  }
  readable(`the OutputDir of ${name}`, places.outputDir, () => shellValue(outputDirTemplate, () => 'v'));
  readable(`the arguments of ${name}`, places.arguments, () => shellWords(argumentsTemplate, () => 'v'));
  for (const [variable, template] of environment) {
    readable(`${variable} of ${name}`, places.variable(variable), () => shellValue(template, () => 'v'));
  }
  for (const input of inputs) checkInput(input, places.inputs);
  for (const { archive = '' } of outputs) {
    if (!/^$|^(?![-/])(?!.*(^|\/)\.\.?(\/|$))/.test(archive) || archive.endsWith('/'))
      fail(`${name}: an archive cannot be called '${archive}'`, places.outputs);
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
  if (OWN_FILES.includes(name)) fail(`an input file cannot be called ${name}: the step has one of its own`, at);
  if (unpack && !ARCHIVE.test(name))
    fail(`the input file ${name} cannot be unpacked: only .tar.gz, .tgz, .tar.bz2 and .zip`, at);
}

/** By text: many stages have the same environment. */
const checked = new Map<string, string | undefined>();

/** What bash says of shell code without running it. Where there is no bash nothing is said. */
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
  if (said !== undefined) fail(`${what} is no shell code that bash can read: ${said}`, at);
}
