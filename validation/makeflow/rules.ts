import { LOGS_VARIABLE, STEP_FILES, safeName, stepFile, TOKEN_VARIABLE } from '../step/names.ts';
import type { Resources, Stage, Step } from '../workflow/plan.ts';
import { isSent, stageFileName, stepsFileName } from './aliases.ts';
import type { Phase } from './phase.ts';

/** Of the script that runs every step, and of the known errors it looks for, in makeflow's directory. */
export const SCRIPT = 'relval-step.sh';
export const PATTERNS = 'relval-patterns';

const EXPORT = 'export';

/**
 * A Makeflow file in Make syntax, piece by piece. Only ids, numbers and safe names are in it, because makeflow expands `$`
 * and reads its own log by white space. One rule a step, in order: makeflow's node N is the Nth step.
 * `exec`, because the shell that a worker starts a command in would outlive a killed worker and hold its connection open.
 * @param hasSteps whether a stage has a list of steps
 * @param exports variables of makeflow's environment that steps get: their names, never their values
 * @param tokenOf a step's token, of letters, digits, `_` and `-`; without it steps get none
 */
export function* makeflowText(
  phase: Phase,
  hasSteps: (stage: Stage) => boolean,
  exports: readonly string[],
  tokenOf?: (step: string) => string,
): Generator<string> {
  yield header(phase, [LOGS_VARIABLE, ...(tokenOf ? [TOKEN_VARIABLE] : []), ...exports]);
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
    const token = tokenOf ? `@${TOKEN_VARIABLE}=${tokenOf(step.id)}\n` : '';
    const command = `exec ./${SCRIPT} ${stageFileName(stage)} ${step.id} ${step.index}`;
    yield `${targetsOf(step).join(' ')}: ${common}${results}\n${token}\t${command}\n`;
  }
}

/** Whether a Makeflow file gives each step a token of its own. @param text its beginning, of 4 kB at least */
export function givesTokens(text: string): boolean {
  return text.includes(`\n${EXPORT} ${TOKEN_VARIABLE}\n`);
}

function header({ number, steps }: Phase, exports: readonly string[]): string {
  const needs = steps.map((step) => step.stage.resources);
  const most = (name: 'cores' | 'memory' | 'disk'): number => needs.reduce((max, need) => Math.max(max, need[name]), 0);
  return [
    `# Written by relval. Run it with: makeflow Makeflow.${number}, or makeflow -T wq ... Makeflow.${number}`,
    '# By itself makeflow runs no rule that needs more than this machine has, and says nothing. Then claim what it has not:',
    `# makeflow --local-cores ${most('cores')} --local-memory ${most('memory')} --local-disk ${most('disk')} Makeflow.${number}`,
    ...exports.map((name) => `${EXPORT} ${name}`),
    '',
  ].join('\n');
}

function category(stage: Stage, resources: Resources | undefined): string {
  const lines = [`CATEGORY=${safeName(stage.name)}`];
  if (resources) lines.push(`CORES=${resources.cores}`, `MEMORY=${resources.memory}`, `DISK=${resources.disk}`);
  return `\n${lines.join('\n')}\n`;
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
