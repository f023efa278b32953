import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { withException } from '../checks/exception-file.ts';
import { InputError } from '../input/input-error.ts';
import type { Finding } from '../report/model.ts';
import { rulesOf } from '../runs/judging/criteria.ts';
import { addException, exceptionOf, findingsToExcuse } from '../runs/judging/exceptions.ts';
import { readReport } from '../runs/judging/reference.ts';
import { RunStore } from '../runs/store/store.ts';
import { quote } from '../step/shell-words.ts';
import { defineCommand } from './command.ts';
import { namedRunArgument } from './options/runs.ts';
import { err, out } from './terminal.ts';

export const exceptCommand = defineCommand(
  (command) =>
    namedRunArgument(command)
      .positional('finding', {
        type: 'string',
        describe: 'Fingerprint of a finding, or its beginning; without it: list the findings of the run',
      })
      .option('reason', { type: 'string', requiresArg: true, describe: 'Why the finding is excused' })
      .option('owner', {
        type: 'string',
        requiresArg: true,
        default: userInfo().username,
        describe: 'Name of the person who is responsible for the exception',
      })
      .option('until', {
        type: 'string',
        requiresArg: true,
        describe: 'Last day on which it is excused (UTC), for example 2030-01-31',
      })
      .option('to', {
        type: 'string',
        requiresArg: true,
        describe: 'Rule file to which the exception is added; default: the exception is printed',
      })
      .check(({ finding, reason, until, to }) => {
        const given = [reason, until].filter((one) => one !== undefined).length;
        if (finding === undefined ? given === 0 && to === undefined : given === 2 && reason?.trim()) return true;
        const message = 'except: give a finding with --reason TEXT and --until DAY, or only a run to list its findings';
        throw new InputError([{ message }]);
      }),
  (args) => {
    const run = new RunStore(args.runs).find(args.run);
    const report = readReport(run);
    if (!report) throw new InputError([{ message: `${run.readRecord().id} has no report: it has not ended` }]);
    if (args.finding === undefined) {
      listFindings(findingsToExcuse(report));
      return;
    }
    const { reason = '', owner, until = '', to } = args;
    const excuse = { reason: reason.trim(), owner, until };
    const entry = exceptionOf(report, rulesOf(run).steps, args.finding, excuse, Date.now());
    if (to === undefined) {
      out.say(...withException('', entry).trimEnd().split('\n'));
      return;
    }
    addException(run, to, entry);
    const own = run.readRecord().request.rules ?? [];
    const rules = [...own.filter((file) => resolve(file) !== resolve(to)), to].map((file) => ` --rules ${quote(file)}`);
    out.say(
      `the exception is in ${to}`,
      `  relval report ${args.run}${rules.join('')}   judges the run with it; later runs need it in \`rules\` of relval.yaml, or by --rules`,
    );
  },
);

function listFindings(findings: readonly Finding[]): void {
  if (findings.length === 0) err.say('the run has no finding that could be excused');
  for (const { fingerprint, severity, stage, rule, message } of findings)
    out.say(`${fingerprint}  ${severity.padEnd(7)}  ${stage}  ${rule}  ${message}`);
}
