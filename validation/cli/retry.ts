import { InputError } from '../input/input-error.ts';
import { retrySteps } from '../runs/life/resume.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { executionOptions } from './options/place.ts';
import { namedRunArgument } from './options/runs.ts';
import { requireTools } from './options/tools.ts';
import { showRun } from './output/show-run.ts';
import { printWarnings } from './output/warnings.ts';

export const retryCommand = defineCommand(
  (command) =>
    executionOptions(namedRunArgument(command))
      .positional('steps', { type: 'string', array: true, default: [] as string[], describe: 'Names of steps' })
      .option('failed', {
        type: 'boolean',
        default: false,
        describe: 'Run all steps again that did not succeed, instead of named steps',
      })
      .check(({ steps, failed }) => {
        if (failed !== steps.length > 0) return true;
        throw new InputError([{ message: 'retry: give either names of steps or --failed' }]);
      }),
  async (args) => {
    requireTools();
    const run = new RunStore(args.runs).find(args.run);
    const again = args.failed ? 'failed' : { steps: args.steps };
    await showRun(await retrySteps(run, again, (message) => printWarnings([message])), args);
  },
);
