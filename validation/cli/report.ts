import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { openRegular, readRegular } from '../files/regular-file.ts';
import { InputError } from '../input/input-error.ts';
import type { Report } from '../report/model.ts';
import { inColour } from '../report/paint.ts';
import { renderText } from '../report/text.ts';
import { type RENDERINGS, renderFile } from '../report/write.ts';
import { checkChoice } from '../runs/judging/criteria.ts';
import { judgeAgain } from '../runs/judging/judge.ts';
import { PARTS } from '../runs/judging/kinds.ts';
import { chosenCriteria } from '../runs/life/wanted.ts';
import { statusOf } from '../runs/store/record.ts';
import { REPORT_LIMIT, type RunDir, RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { criteriaOptions } from './options/criteria.ts';
import { runArgument } from './options/runs.ts';
import { EXIT } from './output/result.ts';
import { when } from './output/zone.ts';
import { out } from './terminal.ts';

/** Formats that are files of the report. The format `text` is made for the terminal. */
const FILES = {
  html: 'index.html',
  json: 'report.json',
  junit: 'junit.xml',
  full: 'validation_report_full.txt',
} as const satisfies Record<string, keyof typeof RENDERINGS>;

export const reportCommand = defineCommand(
  (command) =>
    criteriaOptions(runArgument(command))
      .option('format', {
        choices: ['text', ...(Object.keys(FILES) as (keyof typeof FILES)[])] as const,
        default: 'text' as const,
        describe: 'Format; full: one line per error, as file:line:message',
      })
      .option('exit-status', {
        type: 'boolean',
        default: true,
        describe:
          'Use the exit status of the verdict, as relval run does; --no-exit-status: use 0 if there is a report',
      }),
  async (args) => {
    const store = new RunStore(args.runs);
    const run = store.find(args.run);
    const choice = chosenCriteria(args, store);
    const isStored = Object.keys(choice).length === 0;
    if (!isStored) checkChoice(choice);
    const again = isStored ? undefined : await judgeAgain(run, choice, Date.now());
    const report = again ?? stored(run);
    if (args.exitStatus) process.exitCode = EXIT[report.verdict];
    if (args.format === 'text') {
      out.sayText(`${renderText(report, { colour: inColour, when }, PARTS)}\n`);
      return;
    }
    const file = FILES[args.format];
    await out
      .log(false)
      .all(
        again
          ? Readable.from(renderFile(file, again, PARTS)).map((piece: string) => Buffer.from(piece))
          : (await openRegular(pathOf(run, file))).createReadStream(),
      );
  },
);

function stored(run: RunDir): Report {
  return JSON.parse(readRegular(pathOf(run, 'report.json'), REPORT_LIMIT)) as Report;
}

/** @throws InputError if there is no report yet */
function pathOf(run: RunDir, file: string): string {
  const path = join(run.reportDir, file);
  if (existsSync(path)) return path;
  const record = run.readRecord();
  throw new InputError([{ message: `${record.id} has no report yet, because it is ${statusOf(record, run.path)}` }]);
}
