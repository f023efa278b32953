import { stopRun } from '../runs/life/stop.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { namedRunArgument } from './options/runs.ts';

export const stopCommand = defineCommand(
  (command) => namedRunArgument(command),
  async (args) => {
    const run = new RunStore(args.runs).find(args.run);
    const { id } = run.readRecord();
    const status = await stopRun(run, () => console.error(`${id} is told to stop, and judges what there is`));
    const resumable = status === 'interrupted' || status === 'broken';
    console.log(`${id} is stopped: ${status}${resumable ? `\n  relval resume ${id}` : ''}`);
  },
);
