import { takeOver } from '../runs/life/background.ts';
import { defineCommand } from './command.ts';
import { executionOptions } from './options/place.ts';
import { showHere } from './output/show-run.ts';

/** The command of the background process that executes a run. It is not for users. */
export const backgroundCommand = defineCommand(
  (command) => executionOptions(command).positional('directory', { type: 'string', demandOption: true }),
  async ({ directory, ...flags }) => process.exit(await showHere(await takeOver(directory), flags)),
);
