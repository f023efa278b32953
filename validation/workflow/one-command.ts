import { stringify } from 'yaml';
import { quote } from '../step/shell-words.ts';

/** One command that becomes a workflow of one step. */
export interface OneCommand {
  name: string;
  /** Program and arguments. They are not read by a shell. */
  words: readonly string[];
  /** Names of local files beside the workflow, and `root://` addresses; with `,unpack` after those to be unpacked. */
  inputs: readonly string[];
  /** Globs of output files, or archives of them, as in a JDL's Output. */
  outputs: readonly string[];
  outputDir: string;
  image?: string | undefined;
  cores?: number | undefined;
  gpus?: number | undefined;
  memory?: string | undefined;
  wallTime?: string | undefined;
}

/** Outputs that are always kept. */
const ALWAYS = ['core*'];

/**
 * The workflow file of one command.
 * @param taken names of files in the command's directory: the step's own files must have other names
 */
export function workflowOf(command: OneCommand, taken: ReadonlySet<string>): string {
  const { name, words, inputs, outputs, outputDir, image, cores, gpus, memory, wallTime } = command;
  const resources = {
    ...(cores && { cores }),
    ...(gpus && { gpus }),
    ...(memory && { memory }),
    ...(wallTime && { wallTime }),
  };
  const stage = {
    name: stageName(taken),
    command: `exec ${words.map(quote).join(' ')}`,
    inputs,
    outputs: [...outputs, ...ALWAYS],
    expects: outputs.filter((pattern) => !pattern.includes(':')),
    outputDir,
    ...(image !== undefined && { image }),
    resources,
  };
  return stringify({ name, stages: [stage] }, { lineWidth: 0 });
}

/** The step's script has the name of its stage: `exec.sh`. */
function stageName(taken: ReadonlySet<string>): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? 'exec' : `exec${number}`;
    if (!taken.has(`${name}.sh`)) return name;
  }
}
