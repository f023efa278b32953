import { userInfo } from 'node:os';
import { InputError } from '../input/input-error.ts';
import { accepted, changeEnded, withdrawn } from '../runs/judging/accept.ts';
import type { RunRecord } from '../runs/store/record.ts';
import { RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { namedRunArgument } from './options/runs.ts';
import { out } from './terminal.ts';

export const acceptCommand = defineCommand(
  (command) =>
    namedRunArgument(command)
      .option('note', { type: 'string', describe: 'The reason, shown with the run' })
      .option('by', {
        type: 'string',
        default: userInfo().username,
        describe: 'Name of the person who accepts the run',
      })
      .option('withdraw', { type: 'boolean', default: false, describe: 'Withdraw the acceptance' })
      .check(({ note, withdraw }) => {
        if (withdraw ? note === undefined : note?.trim()) return true;
        throw new InputError([{ message: 'accept: give either --note TEXT or --withdraw' }]);
      }),
  async (args) => {
    const run = new RunStore(args.runs).find(args.run);
    const change = (record: RunRecord) =>
      args.withdraw ? withdrawn(record) : accepted(record, args.by, args.note ?? '', Date.now());
    const { id } = await changeEnded(run, change);
    out.say(args.withdraw ? `${id} is no longer accepted` : `${id} is accepted: ${args.note ?? ''}`);
  },
);
