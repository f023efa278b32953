#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { InputError } from '../jdl/problem.ts';
import { addAccept } from './accept.ts';
import { addCheck } from './check.ts';
import { addConfig } from './config.ts';
import { addCarry } from './detach.ts';
import { addDiff } from './diff.ts';
import { addDoctor } from './doctor.ts';
import { addExec } from './exec.ts';
import { addGc } from './gc.ts';
import { addGenerate, addPlan } from './generate.ts';
import { addGraph } from './graph.ts';
import { addList } from './inspect.ts';
import { addLogs } from './logs.ts';
import { addNotify } from './notify.ts';
import { addReport } from './report.ts';
import { addResume, addStop } from './resume.ts';
import { addRun } from './run.ts';
import { addSchedule } from './schedule.ts';
import { addServe } from './serve.ts';
import { useSettings } from './settings.ts';
import { addStatus } from './status.ts';

/** Exit status of bad input and usage. 0, 1 and 3 are verdicts; 130 is an interrupted run. */
const USAGE = 2;

const program = yargs(hideBin(process.argv))
  .scriptName('relval')
  .usage('$0 COMMAND\n\nRuns release validations on Work Queue: AliEn JDL in, logs, verdict and report out.')
  .demandCommand(1, 'Which command?')
  .parserConfiguration({ 'populate--': true, 'parse-positional-numbers': false })
  .strict()
  .recommendCommands()
  .wrap(Math.min(120, process.stdout.columns ?? 100))
  .epilogue(
    'Flags about places and limits can also be given in relval.yaml, or as $RELVAL_NAME: see `relval config`.\nExit status: 0 passed, 1 failed, 2 bad input or usage, 3 broken (infrastructure), 130 interrupted',
  )
  .fail((message, error) => {
    throw error ?? new InputError([{ message: `${message}\nTry --help.` }]);
  });

useSettings(program);
for (const add of [
  addPlan,
  addGenerate,
  addRun,
  addExec,
  addResume,
  addCarry,
  addStop,
  addList,
  addStatus,
  addLogs,
  addReport,
  addDiff,
  addAccept,
  addGraph,
  addServe,
  addCheck,
  addSchedule,
  addGc,
  addNotify,
  addConfig,
  addDoctor,
])
  add(program);

// A reader that has seen enough (`relval logs … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(`relval: ${error.message}`);
  process.exitCode = USAGE;
}
