import { paint } from '../report/paint.ts';
import { planWithFoundFiles } from '../runs/life/planning.ts';
import { counted } from '../units/count.ts';
import { planJson } from '../workflow/json.ts';
import type { Plan } from '../workflow/plan.ts';
import { defineCommand } from './command.ts';
import { inputOptions } from './options/input.ts';
import { table } from './output/table.ts';
import { printWarnings } from './output/warnings.ts';
import { out } from './terminal.ts';

export const planCommand = defineCommand(
  (command) => inputOptions(command).option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  (args) => {
    const plan = planWithFoundFiles(args, { allowMissing: true });
    printWarnings(plan.warnings);
    if (args.json) out.sayJson(planJson(plan));
    else out.say(...planLines(plan));
  },
);

function planLines(plan: Plan): string[] {
  const rows = plan.stages.map((stage) => {
    const steps = plan.steps.filter((step) => step.stage === stage);
    const ids = steps.length === 1 ? (steps[0]?.id ?? '') : `${steps[0]?.id ?? ''} … ${steps.at(-1)?.id ?? ''}`;
    const { cores, memory, disk, gpus } = stage.resources;
    return [
      stage.name,
      steps.length === 0 ? 'not yet known' : counted(steps.length, 'step'),
      steps.length === 0 ? '' : ids,
      `${stage.executable} ${stage.argumentsTemplate}`.slice(0, 60),
      `${counted(cores, 'core')}, ${memory} MB, ${disk} MB disk${gpus ? `, ${counted(gpus, 'GPU')}` : ''}`,
      stage.after.length > 0 ? `after ${stage.after.join(', ')}` : '',
    ];
  });
  const phases = plan.phases === 1 ? '' : ` in ${plan.phases} phases`;
  return [
    `${paint.bold(plan.name)}: workflow ${plan.workflow}, ${counted(plan.steps.length, 'step')}${phases}`,
    '',
    ...table(rows),
  ];
}
