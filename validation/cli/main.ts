#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { hasVariables, settingsPath } from '../config/find.ts';
import { InputError } from '../input/input-error.ts';
import { CARRY } from '../runs/life/carry-name.ts';
import type { Command } from './command.ts';

/** Exit statuses: 2 for bad input or usage, 3 for broken (infrastructure). Verdicts are 0, 1 and 3; an interrupted run is 130. */
const USAGE = 2;
const BROKEN = 3;
/** Errors of the system about a path that the user gave: these count as bad input. */
const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'ENAMETOOLONG']);

const program = yargs(hideBin(process.argv))
  .scriptName('relval')
  .usage(
    '$0 COMMAND\n\nRuns release validations on Work Queue: it reads an AliEn JDL, runs its steps, and makes a report with a verdict.',
  )
  .demandCommand(1, 'A command is missing.')
  .parserConfiguration({ 'populate--': true, 'parse-positional-numbers': false })
  .strict()
  .recommendCommands()
  .wrap(Math.min(120, process.stdout.columns ?? 100))
  .epilogue(
    'Many flags can also be set in relval.yaml or as $RELVAL_NAME: see `relval config`.\nExit status: 0 passed, 1 failed, 2 bad input or usage, 3 broken (infrastructure), 130 interrupted',
  )
  .fail((message, error) => {
    throw error ?? new InputError([{ message: `${message}\nTry --help.` }]);
  });

program
  .option('config', {
    type: 'string',
    requiresArg: true,
    describe:
      'Configuration file; default: $RELVAL_CONFIG, else relval.yaml in this directory or above; --no-config: use none',
  })
  .middleware(async (args) => {
    // Without a configuration there is nothing to fill in: loading the modules for it would only cost time.
    if (!hasVariables() && settingsPath(args.config) === undefined) return;
    (await import('./options/settings.ts')).fillIn(args, program);
  }, true);

/**
 * Adds a command. Its module is loaded only when the command runs or its help is shown: loading all modules takes several
 * times as long as a short command.
 */
function add<T>(usage: string | string[], describe: string | false, load: () => Promise<Command<T>>): void {
  program.command({
    command: usage,
    describe,
    builder: async (yargs) => (await load()).builder(yargs),
    handler: async (args) => (await load()).handler(args),
  });
}

add(
  'plan <input>',
  'Show the steps, their dependencies, arguments, environment and outputs',
  async () => (await import('./plan.ts')).planCommand,
);
add(
  'generate <input>',
  'Write the Makeflow files and scripts, and run nothing',
  async () => (await import('./generate.ts')).generateCommand,
);
add('run <input>', 'Run a validation and judge it', async () => (await import('./run.ts')).runCommand);
add(
  'exec',
  'Run one command as a step and judge it: relval exec --local -- CMD ARG…',
  async () => (await import('./exec.ts')).execCommand,
);
add(
  'resume <run>',
  'Continue an interrupted or broken run; steps that succeeded do not run again',
  async () => (await import('./resume.ts')).resumeCommand,
);
add(`${CARRY} <directory>`, false, async () => (await import('./carry.ts')).carryCommand);
add('stop <run>', 'Stop a run; it can be resumed', async () => (await import('./stop.ts')).stopCommand);
add(['list', 'ls'], 'List the runs, oldest first', async () => (await import('./list.ts')).listCommand);
add(
  'status [run]',
  'Show the progress of a run, or how it ended',
  async () => (await import('./status.ts')).statusCommand,
);
add(
  'logs <run> [step]',
  'Show the log of a step, also while it runs; without a step: list the logs of all steps',
  async () => (await import('./logs.ts')).logsCommand,
);
add(
  'report [run]',
  'Show the report of a run; with other rules or another policy: judge it again, without changing the stored report',
  async () => (await import('./report.ts')).reportCommand,
);
add(
  'diff <a> <b>',
  'Compare run B with run A: new, known and fixed findings, steps, times and sizes',
  async () => (await import('./diff.ts')).diffCommand,
);
add(
  'histograms <a> [b]',
  'Compare the histograms of ROOT files',
  async () => (await import('./histograms.ts')).histogramsCommand,
);
add(
  'accept <run>',
  'Accept a failed run as good: later runs can be compared with it',
  async () => (await import('./accept.ts')).acceptCommand,
);
add(
  'graph <input>',
  'Draw the steps and their dependencies; for a run also their states',
  async () => (await import('./graph.ts')).graphCommand,
);
add(
  'serve',
  'Serve the web page with runs, graphs and live logs, the REST interface and metrics',
  async () => (await import('./serve.ts')).serveCommand,
);
add(
  'check <input>',
  'Run the pre-flight checks of an input, and run nothing else',
  async () => (await import('./check.ts')).checkCommand,
);
add(
  'schedule <action> [name]',
  'Show nightlies, and give them to a scheduler',
  async () => (await import('./schedule.ts')).scheduleCommand,
);
add(
  'gc',
  'Remove old runs; accepted runs and the last good run of each workflow are kept',
  async () => (await import('./gc.ts')).gcCommand,
);
add('notify [run]', 'Send the notifications about a run', async () => (await import('./notify.ts')).notifyCommand);
add(
  'config',
  'Show the configuration in effect, and where each value comes from',
  async () => (await import('./config.ts')).configCommand,
);
add(
  'doctor',
  'Show which required packages are installed, and how to install the missing ones',
  async () => (await import('./doctor.ts')).doctorCommand,
);

// It is no error if the reader closes the pipe (`relval logs … | head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.on('uncaughtException', fail);
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof InputError)) fail(error);
  console.error(`relval: ${error.message}`);
  process.exitCode = USAGE;
}

/** Ends with the error of the system or of relval itself. The exit status is never 1, which means a failed release. */
function fail(error: unknown): never {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  const isOfSystem = code !== undefined && syscall !== undefined;
  console.error(isOfSystem ? `relval: ${message}` : error);
  process.exit(isOfSystem && REFUSED.has(code) ? USAGE : BROKEN);
}
