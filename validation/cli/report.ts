import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pc from 'picocolors';
import { InputError } from '../input/input-error.ts';
import type { Report } from '../report/model.ts';
import { renderText } from '../report/text.ts';
import { type RENDERINGS, renderFile } from '../report/write.ts';
import { checkChoice } from '../runs/judging/criteria.ts';
import { judgeAgain } from '../runs/judging/judge.ts';
import { chosenCriteria } from '../runs/life/wanted.ts';
import { statusOf } from '../runs/store/record.ts';
import { type RunDir, RunStore } from '../runs/store/store.ts';
import { defineCommand } from './command.ts';
import { criteriaOptions } from './options/criteria.ts';
import { runArgument } from './options/runs.ts';

/** `text` is for this terminal; all others are files of the report. */
const FILES = {
  html: 'index.html',
  json: 'report.json',
  junit: 'junit.xml',
  full: 'validation_report_full.txt',
} as const satisfies Record<string, keyof typeof RENDERINGS>;

export const reportCommand = defineCommand(
  (command) =>
    criteriaOptions(runArgument(command)).option('format', {
      choices: ['text', ...(Object.keys(FILES) as (keyof typeof FILES)[])] as const,
      default: 'text' as const,
      describe: 'full: the lines file:line:message of every error',
    }),
  async (args) => {
    const store = new RunStore(args.runs);
    const run = store.find(args.run);
    const choice = chosenCriteria(args, store);
    const isStored = Object.keys(choice).length === 0;
    if (!isStored) checkChoice(choice);
    const again = isStored ? undefined : await judgeAgain(run, choice, Date.now());
    if (args.format === 'text') {
      console.log(renderText(again ?? stored(run), { colour: pc.isColorSupported }));
      return;
    }
    const file = FILES[args.format];
    if (again) process.stdout.write(renderFile(file, again));
    else await pipeline(createReadStream(pathOf(run, file)), process.stdout, { end: false });
  },
);

function stored(run: RunDir): Report {
  return JSON.parse(readFileSync(pathOf(run, 'report.json'), 'utf8')) as Report;
}

/** @throws InputError when there is no report yet */
function pathOf(run: RunDir, file: string): string {
  const path = join(run.reportDir, file);
  if (existsSync(path)) return path;
  const record = run.readRecord();
  throw new InputError([{ message: `${record.id} has no report yet: it is ${statusOf(record)}` }]);
}
