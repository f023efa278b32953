import { userInfo } from 'node:os';
import { InputError } from '../input/input-error.ts';
import { printable } from '../report/printable.ts';
import { type RunRecord, statusOf } from '../runs/store/record.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { namedRunArgument } from './inspect.ts';

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
    run.writeRecord(args.withdraw ? withdrawn(record) : accepted(record, args.by, args.note ?? ''));
    console.log(
      args.withdraw ? `${record.id} is no longer accepted` : `${record.id} is accepted: ${printable(args.note ?? '')}`,
    );
  },
);

/** @throws InputError a run that says nothing about the release */
function accepted(record: RunRecord, by: string, note: string): RunRecord {
  const status = statusOf(record);
  if (status === 'passed' || status === 'failed') return { ...record, accepted: { time: Date.now(), by, note } };
  throw new InputError([{ message: `${record.id} is ${status}: only a run that passed or failed can be accepted` }]);
}

function withdrawn(record: RunRecord): RunRecord {
  const { accepted: before, ...rest } = record;
  if (!before) throw new InputError([{ message: `${record.id} is not accepted` }]);
  return rest;
}
