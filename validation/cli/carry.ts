import { takeOver } from '../runs/life/background.ts';
import { defineCommand } from './command.ts';
import { carryOptions } from './options/place.ts';
import { showHere } from './output/show-run.ts';

/** What the process of a run in the background runs: not for users. */
export const carryCommand = defineCommand(
  (command) => carryOptions(command).positional('directory', { type: 'string', demandOption: true }),
  async ({ directory, ...flags }) => process.exit(await showHere(await takeOver(directory), flags)),
);
