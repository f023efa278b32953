import { resolve } from 'node:path';
import { loadRules, patternsForGrep } from '../checks/rules.ts';
import { writeMakeflow } from '../makeflow/write.ts';
import { asInputError, planWithFoundFiles } from '../runs/life/planning.ts';
import { counted } from '../units/count.ts';
import { defineCommand } from './command.ts';
import { inputOptions } from './options/input.ts';
import { printWarnings } from './output/warnings.ts';
import { out } from './terminal.ts';

export const generateCommand = defineCommand(
  (command) =>
    inputOptions(command).option('output', {
      alias: 'o',
      type: 'string',
      demandOption: true,
      requiresArg: true,
      describe: 'Directory to write the files to; it must be new or empty',
    }),
  async (args) => {
    const directory = resolve(args.output);
    const plan = planWithFoundFiles(args, { outputBase: directory });
    printWarnings(plan.warnings);
    const written = await writeMakeflow(plan, directory, undefined, { patterns: patternsForGrep(loadRules()) }).catch(
      (error: Error) => {
        throw asInputError(error);
      },
    );
    for (const { file, steps } of written) {
      out.say(`${file}: ${counted(steps.length, 'step')}; run it with: cd ${args.output} && makeflow ${file}`);
    }
    const without = plan.stages.filter(({ phase }) => !written.some((one) => one.phase === phase));
    for (const { stage, file, madeBy } of plan.pending) {
      out.say(
        `These stages are not written: ${without.map(({ name }) => name).join(', ')}. ${stage} has one step for each line of ${file}, which ${madeBy} makes ` +
          `at run time. Put that file beside ${args.input} and run generate again.`,
      );
    }
  },
);
