#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { InputError } from '../jdl/problem.ts';
import { useSettings } from './settings.ts';

/** Exit status of bad input and usage. 0, 1 and 3 are verdicts; 130 is an interrupted run. */
const USAGE = 2;

/** Loaded when they are needed: of most commands, only they themselves. */
const COMMANDS = {
  plan: async () => (await import('./generate.ts')).addPlan,
  generate: async () => (await import('./generate.ts')).addGenerate,
  run: async () => (await import('./run.ts')).addRun,
  exec: async () => (await import('./exec.ts')).addExec,
  resume: async () => (await import('./resume.ts')).addResume,
  carry: async () => (await import('./detach.ts')).addCarry,
  stop: async () => (await import('./resume.ts')).addStop,
  list: async () => (await import('./inspect.ts')).addList,
  status: async () => (await import('./status.ts')).addStatus,
  logs: async () => (await import('./logs.ts')).addLogs,
  report: async () => (await import('./report.ts')).addReport,
  diff: async () => (await import('./diff.ts')).addDiff,
  accept: async () => (await import('./accept.ts')).addAccept,
  graph: async () => (await import('./graph.ts')).addGraph,
  serve: async () => (await import('./serve.ts')).addServe,
  check: async () => (await import('./check.ts')).addCheck,
  schedule: async () => (await import('./schedule.ts')).addSchedule,
  gc: async () => (await import('./gc.ts')).addGc,
  notify: async () => (await import('./notify.ts')).addNotify,
  config: async () => (await import('./config.ts')).addConfig,
  doctor: async () => (await import('./doctor.ts')).addDoctor,
};

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
const [command = ''] = process.argv.slice(2);
const wanted = Object.hasOwn(COMMANDS, command)
  ? [COMMANDS[command as keyof typeof COMMANDS]]
  : Object.values(COMMANDS);
for (const load of wanted) (await load())(program);

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
