import { stopRun } from '../runs/life/stop.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { namedRunArgument } from './options/runs.ts';

export const stopCommand = defineCommand(
  (command) => namedRunArgument(command),
  async (args) => {
    const run = new RunStore(args.runs).find(args.run);
    const { id } = run.readRecord();
    const status = await stopRun(run, () => console.error(`stopping ${id}; it judges the steps that have ended`));
    const resumable = status === 'interrupted' || status === 'broken';
    console.log(`${id} has stopped: ${status}${resumable ? `\nTo continue it:\n  relval resume ${id}` : ''}`);
  },
);
