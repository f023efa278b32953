import { resumeRun } from '../runs/life/resume.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { executionOptions } from './options/place.ts';
import { namedRunArgument } from './options/runs.ts';
import { requireTools } from './options/tools.ts';
import { showRun } from './output/show-run.ts';
import { printWarnings } from './output/warnings.ts';

export const resumeCommand = defineCommand(
  (command) => executionOptions(namedRunArgument(command)),
  async (args) => {
    requireTools();
    const run = new RunStore(args.runs).find(args.run);
    await showRun(await resumeRun(run, (message) => printWarnings([message])), args);
  },
);
