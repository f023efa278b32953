import { resolve } from 'node:path';
import { loadRules, patternsForGrep } from '../checks/rules.ts';
import { writeMakeflow } from '../makeflow/write.ts';
import { asInputError, planWithMadeFiles } from '../runs/life/planning.ts';
import { counted } from '../units/count.ts';
import { defineCommand } from './command.ts';
import { inputOptions } from './options/input.ts';
import { tellWarnings } from './output/warnings.ts';

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
    tellWarnings(plan.warnings);
    const written = await writeMakeflow(plan, directory, undefined, { patterns: patternsForGrep(loadRules()) }).catch(
      (error: Error) => {
        throw asInputError(error);
      },
    );
    for (const { file, steps } of written) {
      console.log(`${file}: ${counted(steps.length, 'step')}; run it with: cd ${args.output} && makeflow ${file}`);
    }
    const without = plan.stages.filter(({ phase }) => !written.some((one) => one.phase === phase));
    for (const { stage, file, madeBy } of plan.pending) {
      console.log(
        `not written: ${without.map(({ name }) => name).join(', ')}. ${stage} has one step for each line of ${file}, which ${madeBy} makes ` +
          `at run time. Put that file beside ${args.input}, and generate again.`,
      );
    }
  },
);
