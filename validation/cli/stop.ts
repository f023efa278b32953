import { stopRun } from '../runs/life/stop.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { namedRunArgument } from './options/runs.ts';
import { aboutRun } from './output/paste.ts';
import { err, out } from './terminal.ts';

export const stopCommand = defineCommand(
  (command) => namedRunArgument(command),
  async (args) => {
    const run = new RunStore(args.runs).find(args.run);
    const { id } = run.readRecord();
    const status = await stopRun(run, () => err.say(`stopping ${id}; it judges the steps that have ended`));
    const resumable = status === 'interrupted' || status === 'broken';
    out.say(`${id} has stopped: ${status}`, ...(resumable ? ['To continue it:', `  ${aboutRun(run, 'resume')}`] : []));
  },
);
