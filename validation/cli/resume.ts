import type { Argv } from 'yargs';
import { InputError } from '../jdl/problem.ts';
import { handedOn } from '../runs/earlier.ts';
import { RunJournal } from '../runs/journal.ts';
import { isAlive, statusOf, thisProcess } from '../runs/record.ts';
import { RunStore } from '../runs/store.ts';
import { carryOut, checkTools, clusterOptions, planAgain } from './carry-out.ts';
import { containersFor, provideContainers } from './containers.ts';
import { runsOption } from './inspect.ts';

export function addResume(program: Argv): void {
  program.command(
    'resume <run>',
    'Go on with a run that was interrupted; what has succeeded is not run again',
    (command) =>
      clusterOptions(runsOption(command)).positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'Run id, or the beginning of one, or "last"',
      }),
    async (args) => {
      checkTools();
      const run = new RunStore(args.runs).find(args.run);
      const record = run.readRecord();
      const status = statusOf(record);
      if (status !== 'interrupted' && status !== 'broken') {
        throw new InputError([{ message: `${record.id} is ${status}: only interrupted and broken runs are resumed` }]);
      }
      const again = planAgain(record.request, run, (file, madeBy) => handedOn(run, file, madeBy));
      const plan = again({});
      const containers = await containersFor(record.request, plan, run.path);
      const obstacle = containers && (await provideContainers(containers));
      if (obstacle !== undefined) throw new InputError([{ message: obstacle }]);
      const { verdict: _verdict, reason: _reason, ended: _ended, ...rest } = record;
      const journal = new RunJournal(run, { ...rest, state: 'preparing', process: thisProcess() });
      journal.add({ type: 'resumed', pid: process.pid });
      await carryOut(journal, plan, again, args, containers);
    },
  );
}

export function addStop(program: Argv): void {
  program.command(
    'stop <run>',
    'Stop a run in order; it can be resumed',
    (command) =>
      runsOption(command).positional('run', {
        type: 'string',
        demandOption: true,
        describe: 'Run id, or the beginning of one, or "last"',
      }),
    (args) => {
      const record = new RunStore(args.runs).find(args.run).readRecord();
      const status = statusOf(record);
      if (record.state === 'ended' || !isAlive(record.process)) {
        throw new InputError([{ message: `${record.id} does not run: it is ${status}` }]);
      }
      process.kill(record.process.pid, 'SIGTERM');
      console.log(`${record.id} is being stopped`);
    },
  );
}
