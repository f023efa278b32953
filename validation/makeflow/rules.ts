import { OUTPUTS_VARIABLE, TOKEN_FILE } from '../htcondor/submission.ts';
import { LOGS_VARIABLE, STEP_FILES, safeName, stepFile, TOKEN_VARIABLE } from '../step/names.ts';
import type { Resources, Stage, Step } from '../workflow/plan.ts';
import { isSent, stageFileName, stepsFileName } from './aliases.ts';
import { type Phase, SOURCES_AT_MOST } from './phase.ts';

/** Names of the script that runs every step, and of the file with the known errors, in makeflow's directory. */
export const SCRIPT = 'relval-step.sh';
export const PATTERNS = 'relval-patterns';

const EXPORT = 'export';
const TOKENS_IN_FILES = '# Each step has its token in a file.';

/** What steps get beside their files. */
export interface Given {
  /** Names of the variables that steps get from makeflow's environment; never their values. */
  exports: readonly string[];
  /** A step's token, of letters, digits, `_` and `-`; without it steps get none. */
  tokenOf?: ((step: string) => string) | undefined;
  /** Whether all this comes in files, since everybody can read the environment of a job. */
  inFiles: boolean;
}

/**
 * A Makeflow file in Make syntax, piece by piece. It contains only ids, numbers and safe names, because makeflow expands `$`
 * and splits its own log at white space. One rule for each step, in order: makeflow's node N is the Nth step.
 * `exec`, because otherwise the shell of the command would outlive a killed worker and keep its connection open.
 * @param hasSteps whether a stage has a list of steps
 */
export function* makeflowText(
  phase: Phase,
  hasSteps: (stage: Stage) => boolean,
  { exports, tokenOf, inFiles }: Given,
): Generator<string> {
  yield header(phase, inFiles ? [OUTPUTS_VARIABLE] : [LOGS_VARIABLE, ...(tokenOf ? [TOKEN_VARIABLE] : []), ...exports]);
  if (inFiles) yield `${TOKENS_IN_FILES}\n`;
  const known = new Set<Stage>();
  let stage: Stage | undefined;
  let common = '';
  let lastIds: readonly string[] | undefined;
  let results = '';
  let makers: ReadonlySet<string> = new Set();
  for (const step of phase.steps) {
    if (step.stage !== stage) {
      stage = step.stage;
      lastIds = undefined;
      makers = new Set(phase.makersOf(stage).map((maker) => maker.step));
      yield category(stage, known.has(stage) ? undefined : stage.resources);
      known.add(stage);
      common = commonSources(stage, phase, hasSteps(stage));
    }
    const ids = phase.sourcesOf(step);
    if (ids !== lastIds) {
      results = [...new Set([...ids, ...makers])].map((id) => ` ${stepFile(id, 'result.json')}`).join('');
    }
    lastIds = ids;
    const targets = targetsOf(step);
    const own = inFiles
      ? { source: tokenOf ? ` ${TOKEN_FILE}${step.id}` : '', line: `@${OUTPUTS_VARIABLE}=${targets.join(',')}\n` }
      : { source: '', line: tokenOf ? `@${TOKEN_VARIABLE}=${tokenOf(step.id)}\n` : '' };
    const sources = `${common}${own.source}${results}`;
    if (sources.length > SOURCES_AT_MOST) throw new RangeError(tooManySources(step, sources));
    const command = `exec ./${SCRIPT} ${stageFileName(stage)} ${step.id} ${step.index}`;
    yield `${targets.join(' ')}: ${sources}\n${own.line}\t${command}\n`;
  }
}

/** @returns one sentence, and what to do */
function tooManySources({ id }: Step, sources: string): string {
  const count = sources.split(' ').length;
  return `step ${id} needs ${count} files, more than makeflow can wait for in one rule (their names may take 1 MiB). Put a stage between that merges parts of them`;
}

/** Whether a Makeflow file gives each step its own token. @param text its beginning, of 4 kB at least */
export function givesTokens(text: string): boolean {
  return text.includes(`\n${EXPORT} ${TOKEN_VARIABLE}\n`) || text.includes(`\n${TOKENS_IN_FILES}\n`);
}

function header({ number, steps }: Phase, exports: readonly string[]): string {
  const needs = steps.map((step) => step.stage.resources);
  const most = (name: 'cores' | 'memory' | 'disk'): number => needs.reduce((max, need) => Math.max(max, need[name]), 0);
  return [
    `# Written by relval. Run it with: makeflow Makeflow.${number}, or makeflow -T wq ... Makeflow.${number}`,
    '# Makeflow does not run a rule that needs more than this machine has, and prints no message. To run it in spite of that:',
    `# makeflow --local-cores ${most('cores')} --local-memory ${most('memory')} --local-disk ${most('disk')} Makeflow.${number}`,
    ...exports.map((name) => `${EXPORT} ${name}`),
    '',
  ].join('\n');
}

function category(stage: Stage, resources: Resources | undefined): string {
  const lines = [`CATEGORY=${safeName(stage.name)}`];
  if (resources) lines.push(...amounts(resources));
  return `\n${lines.join('\n')}\n`;
}

function amounts({ cores, memory, disk, gpus }: Resources): string[] {
  return [`CORES=${cores}`, `MEMORY=${memory}`, `DISK=${disk}`, ...(gpus ? [`GPUS=${gpus}`] : [])];
}

function commonSources(stage: Stage, { aliases }: Phase, hasSteps: boolean): string {
  const inputs = stage.inputs.filter(isSent);
  const names = [SCRIPT, stageFileName(stage), ...(hasSteps ? [stepsFileName(stage)] : []), PATTERNS];
  return [...new Set([...names, ...inputs.map((input) => aliases.alias(input))])].join(' ');
}

/** What the rule of a step makes, by its names in makeflow's directory. */
export function targetsOf({ id, stage }: Step): string[] {
  return [...STEP_FILES, ...stage.handsOn].map((file) => stepFile(id, file));
}
