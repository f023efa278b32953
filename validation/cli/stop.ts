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
    const status = await stopRun(run, () => err.say(`${id} is told to stop, and judges what there is`));
    const resumable = status === 'interrupted' || status === 'broken';
    out.say(`${id} is stopped: ${status}`, ...(resumable ? [`  ${aboutRun(run, 'resume')}`] : []));
  },
);
