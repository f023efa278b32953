import { resolve } from 'node:path';
import pc from 'picocolors';
import { loadRules, patternsForGrep } from '../checks/rules.ts';
import { InputError } from '../input/input-error.ts';
import { MakeflowError, writeMakeflow } from '../makeflow/write.ts';
import { planJson } from '../workflow/json.ts';
import type { Plan } from '../workflow/plan.ts';
import { defineCommand } from './command.ts';
import { inputOptions, planWithMadeFiles } from './input-options.ts';
import { table } from './table.ts';

export const planCommand = defineCommand(
  (command) => inputOptions(command).option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  (args) => {
    const plan = planWithMadeFiles(args, { allowMissing: true });
    warn(plan);
    console.log(args.json ? JSON.stringify(planJson(plan), null, 2) : planText(plan));
  },
);

export const generateCommand = defineCommand(
  (command) =>
    inputOptions(command).option('output', {
      alias: 'o',
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'Directory to write them to; new or empty',
    }),
  async (args) => {
    const directory = resolve(args.output);
    const plan = planWithMadeFiles(args, { outputBase: directory });
    warn(plan);
    const written = await writeRun(plan, directory);
    for (const { file, steps } of written) {
      console.log(`${file}: ${steps.length} steps; run it with: cd ${args.output} && makeflow ${file}`);
    }
    for (const { stage, file, madeBy } of plan.pending) {
      console.log(
        `stage ${stage} is not written: it has one step for each line of ${file}, which ${madeBy} makes at run time`,
      );
    }
  },
);

/** Writes all that makeflow needs for the phases whose steps are known. @throws InputError for input that does not allow it */
export async function writeRun(plan: Plan, directory: string, phase?: number) {
  try {
    return await writeMakeflow(plan, directory, phase, { patterns: patternsForGrep(loadRules()) });
  } catch (error) {
    if (error instanceof MakeflowError || error instanceof RangeError)
      throw new InputError([{ message: error.message }]);
    throw error;
  }
}

export function warn(plan: Plan): void {
  for (const warning of plan.warnings) console.error(`${pc.yellow('warning')}: ${warning}`);
}

function planText(plan: Plan): string {
  const rows = plan.stages.map((stage) => {
    const steps = plan.steps.filter((step) => step.stage === stage);
    const ids = steps.length === 1 ? (steps[0]?.id ?? '') : `${steps[0]?.id ?? ''} … ${steps.at(-1)?.id ?? ''}`;
    const { cores, memory, disk } = stage.resources;
    return [
      stage.name,
      steps.length === 0 ? 'not yet known' : `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`,
      steps.length === 0 ? '' : ids,
      `${stage.executable} ${stage.argumentsTemplate}`.slice(0, 60),
      `${cores} cores, ${memory} MB, ${disk} MB disk`,
      stage.after.length > 0 ? `after ${stage.after.join(', ')}` : '',
    ];
  });
  const phases = plan.phases === 1 ? '' : ` in ${plan.phases} phases`;
  return `${pc.bold(plan.name)}: workflow ${plan.workflow}, ${plan.steps.length} steps${phases}\n\n${table(rows)}`;
}
