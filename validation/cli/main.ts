#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { hasVariables, settingsPath } from '../config/find.ts';
import { InputError } from '../input/input-error.ts';
import { CARRY } from '../runs/life/carry-name.ts';
import type { Command } from './command.ts';

/** Exit status of bad input and usage, and of what says nothing about the release. 0, 1 and 3 are verdicts; 130 is an interrupted run. */
const USAGE = 2;
const BROKEN = 3;
/** What the system says of a path that was given and cannot be used. */
const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'ENAMETOOLONG']);

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

program
  .option('config', {
    type: 'string',
    requiresArg: true,
    describe: 'Configuration file; default: $RELVAL_CONFIG, or the nearest relval.yaml; --no-config: none',
  })
  .middleware(async (args) => {
    // Where nothing is said there is nothing to fill in, and what reads it need not be loaded.
    if (!hasVariables() && settingsPath(args.config) === undefined) return;
    (await import('./options/settings.ts')).fillIn(args, program);
  }, true);

/**
 * A command, loaded only when it is run or asked for its help: to load all of them takes several times as long as a short
 * one does.
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
  'The steps, their dependencies, arguments, environment and outputs',
  async () => (await import('./plan.ts')).planCommand,
);
add(
  'generate <input>',
  'Write Makeflow files and scripts, and run nothing',
  async () => (await import('./generate.ts')).generateCommand,
);
add('run <input>', 'Run a validation and judge it', async () => (await import('./run.ts')).runCommand);
add(
  'exec',
  'Run one command as a step, and judge it: relval exec --local -- CMD ARG…',
  async () => (await import('./exec.ts')).execCommand,
);
add(
  'resume <run>',
  'Go on with a run that was interrupted; what has succeeded is not run again',
  async () => (await import('./resume.ts')).resumeCommand,
);
add(`${CARRY} <directory>`, false, async () => (await import('./carry.ts')).carryCommand);
add('stop <run>', 'Stop a run in order; it can be resumed', async () => (await import('./stop.ts')).stopCommand);
add(['list', 'ls'], 'The runs, oldest first', async () => (await import('./list.ts')).listCommand);
add('status [run]', 'How far a run is, or how it ended', async () => (await import('./status.ts')).statusCommand);
add(
  'logs <run> [step]',
  'The log of a step, also while it runs; without a step those of all steps',
  async () => (await import('./logs.ts')).logsCommand,
);
add(
  'report [run]',
  'The report of a run that has ended; by other criteria, where any are given: the stored report stays as it is',
  async () => (await import('./report.ts')).reportCommand,
);
add(
  'diff <a> <b>',
  'How run B differs from run A: findings that are new, known and fixed, steps, times and sizes',
  async () => (await import('./diff.ts')).diffCommand,
);
add(
  'histograms <a> [b]',
  'Compare the histograms of ROOT files: is the physics the same?',
  async () => (await import('./histograms.ts')).histogramsCommand,
);
add(
  'accept <run>',
  'Mark a run that failed as good enough: later runs are compared with it',
  async () => (await import('./accept.ts')).acceptCommand,
);
add(
  'graph <input>',
  'Draw the steps and their dependencies, of a run with their states',
  async () => (await import('./graph.ts')).graphCommand,
);
add(
  'serve',
  'The page: runs, graphs, live logs; with REST and metrics',
  async () => (await import('./serve.ts')).serveCommand,
);
add(
  'check <input>',
  'Pre-flight checks: what would keep a run from working',
  async () => (await import('./check.ts')).checkCommand,
);
add(
  'schedule <action> [name]',
  'Nightlies: when they start, and by which scheduler',
  async () => (await import('./schedule.ts')).scheduleCommand,
);
add(
  'gc',
  'Remove old runs; accepted ones and the last good one of each workflow stay',
  async () => (await import('./gc.ts')).gcCommand,
);
add(
  'notify [run]',
  'Tell whom relval.yaml names about a run, again or for the first time',
  async () => (await import('./notify.ts')).notifyCommand,
);
add(
  'config',
  'The configuration that counts, and where each value comes from',
  async () => (await import('./config.ts')).configCommand,
);
add(
  'doctor',
  'What is installed, what is missing, how to get it',
  async () => (await import('./doctor.ts')).doctorCommand,
);

// A reader that has seen enough (`relval logs … | head`) is no error.
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

/** Ends with what the system refused, or with a fault of our own: neither is a release that has failed, which 1 would say. */
function fail(error: unknown): never {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  const isOfSystem = code !== undefined && syscall !== undefined;
  console.error(isOfSystem ? `relval: ${message}` : error);
  process.exit(isOfSystem && REFUSED.has(code) ? USAGE : BROKEN);
}
