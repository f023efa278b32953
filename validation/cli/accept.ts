import { userInfo } from 'node:os';
import { InputError } from '../input/input-error.ts';
import { printable } from '../report/printable.ts';
import { accepted, withdrawn } from '../runs/judging/accept.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { namedRunArgument } from './options/runs.ts';

export const acceptCommand = defineCommand(
  (command) =>
    namedRunArgument(command)
      .option('note', { type: 'string', describe: 'Why, for those who see it later' })
      .option('by', { type: 'string', default: userInfo().username, describe: 'Who says so' })
      .option('withdraw', { type: 'boolean', default: false, describe: 'Take the mark back' })
      .check(({ note, withdraw }) => {
        if (withdraw ? note === undefined : note?.trim()) return true;
        throw new InputError([{ message: 'accept: give either --note TEXT, or --withdraw' }]);
      }),
  (args) => {
    const run = new RunStore(args.runs).find(args.run);
    const record = run.readRecord();
    run.writeRecord(args.withdraw ? withdrawn(record) : accepted(record, args.by, args.note ?? '', Date.now()));
    console.log(
      args.withdraw ? `${record.id} is no longer accepted` : `${record.id} is accepted: ${printable(args.note ?? '')}`,
    );
  },
);
