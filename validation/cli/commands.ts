import type { ArgumentsCamelCase, Argv } from 'yargs';
import { BACKGROUND } from '../runs/life/background-command.ts';
import type { Command } from './command.ts';

/** A command of `relval`: its name, a line of help, and how to load the rest. */
export interface Entry {
  /** In yargs' form, for example `logs <run> [step]`. Further entries are other names of the command. */
  usage: string | string[];
  /** A line of help; false: the command is hidden. */
  describe: string | false;
  /** Loads its options and its action. */
  load(): Promise<{ builder(yargs: Argv): Argv; handler(args: ArgumentsCamelCase): void | Promise<void> }>;
}

/** Loading all commands takes several times as long as a short command runs, so a command is loaded only to run it or to show its help. */
function entry<T>(usage: string | string[], describe: string | false, load: () => Promise<Command<T>>): Entry {
  return {
    usage,
    describe,
    load: async () => {
      const { builder, handler } = await load();
      return {
        builder: (yargs) => builder(yargs) as Argv,
        handler: (args) => handler(args as ArgumentsCamelCase<T>),
      };
    },
  };
}

/** The command that gives a shell the completions of a word. Only the scripts of `relval completion` call it. */
export const COMPLETE = '__complete';

export const SUMMARY =
  'Runs release validations on Work Queue: it reads an AliEn JDL, runs its steps, and makes a report with a verdict.';
export const EPILOGUE =
  'Many flags can also be set in relval.yaml or as $RELVAL_NAME: see `relval config`.\nExit status: 0 passed, 1 failed, 2 bad input or usage, 3 broken (infrastructure), 130 interrupted';

/** The option that all commands have. */
export const CONFIG = {
  type: 'string',
  requiresArg: true,
  describe:
    'Configuration file; default: $RELVAL_CONFIG, else relval.yaml in this directory or above; --no-config: use none',
} as const;

/** Another option that all commands have. Its text is also in the documentation of `relval.yaml`. */
export const UTC = {
  type: 'boolean',
  default: false,
  describe: 'Show times in UTC; default: in the local time zone, with its offset from UTC',
} as const;

/** All commands of `relval`, in the order in which `--help` and the manual show them. */
export const COMMANDS: readonly Entry[] = [
  entry(
    'plan <input>',
    'Show the steps, their dependencies, arguments, environment and outputs',
    async () => (await import('./plan.ts')).planCommand,
  ),
  entry(
    'generate <input>',
    'Write the Makeflow files and scripts, and run nothing',
    async () => (await import('./generate.ts')).generateCommand,
  ),
  entry('run <input>', 'Run a validation and judge it', async () => (await import('./run.ts')).runCommand),
  entry(
    'exec',
    'Run one command as a step and judge it: relval exec --local -- CMD ARG…',
    async () => (await import('./exec.ts')).execCommand,
  ),
  entry(
    'resume <run>',
    'Continue an interrupted or broken run; steps that succeeded do not run again',
    async () => (await import('./resume.ts')).resumeCommand,
  ),
  entry(
    'retry <run> [steps..]',
    'Run steps of a run that has ended once more, and judge the run again',
    async () => (await import('./retry.ts')).retryCommand,
  ),
  entry(`${BACKGROUND} <directory>`, false, async () => (await import('./background.ts')).backgroundCommand),
  entry('stop <run>', 'Stop a run; it can be resumed', async () => (await import('./stop.ts')).stopCommand),
  entry(['list', 'ls'], 'List the runs, oldest first', async () => (await import('./list.ts')).listCommand),
  entry(
    'status [run]',
    'Show the progress of a run, or how it ended',
    async () => (await import('./status.ts')).statusCommand,
  ),
  entry(
    'logs <run> [step]',
    'Show the log of a step, also while it runs; without a step: list the logs of all steps',
    async () => (await import('./logs.ts')).logsCommand,
  ),
  entry(
    'report [run]',
    'Show the report of a run; with other rules or another policy: judge it again, without changing the stored report',
    async () => (await import('./report.ts')).reportCommand,
  ),
  entry(
    'diff <a> [b]',
    'Compare run B with run A: new, known and fixed findings, steps, times and sizes',
    async () => (await import('./diff.ts')).diffCommand,
  ),
  entry(
    'trend [name]',
    'List the workflows; with a name: show its history, the nights, since when a finding is there, what is flaky, slow drifts',
    async () => (await import('./trend.ts')).trendCommand,
  ),
  entry(
    'histograms <a> [b]',
    'Compare the histograms of a run, or of ROOT files: is the physics the same?',
    async () => (await import('./histograms.ts')).histogramsCommand,
  ),
  entry(
    'accept <run>',
    'Accept a failed run as good: later runs can be compared with it',
    async () => (await import('./accept.ts')).acceptCommand,
  ),
  entry(
    'except <run> [finding]',
    'Write the exception that excuses a finding, with a reason, an owner and a last day',
    async () => (await import('./except.ts')).exceptCommand,
  ),
  entry(
    'graph <input>',
    'Draw the steps and their dependencies; for a run also their states',
    async () => (await import('./graph.ts')).graphCommand,
  ),
  entry(
    'serve',
    'Serve the web page with runs, graphs and live logs, the REST interface and metrics',
    async () => (await import('./serve.ts')).serveCommand,
  ),
  entry(
    'check <input>',
    'Run the pre-flight checks of an input, and run nothing else',
    async () => (await import('./check.ts')).checkCommand,
  ),
  entry(
    'schedule <action> [name]',
    'Show nightlies, and give them to a scheduler',
    async () => (await import('./schedule.ts')).scheduleCommand,
  ),
  entry(
    'gc',
    'Remove old runs; accepted runs and the last good run of each workflow are kept',
    async () => (await import('./gc.ts')).gcCommand,
  ),
  entry('notify [run]', 'Send the notifications about a run', async () => (await import('./notify.ts')).notifyCommand),
  entry(
    'config',
    'Show the configuration in effect, and where each value comes from',
    async () => (await import('./config.ts')).configCommand,
  ),
  entry(
    'completion <shell>',
    'Print what makes a shell complete commands, options, runs and steps: relval completion bash',
    async () => (await import('./completion.ts')).completionCommand,
  ),
  entry(COMPLETE, false, async () => (await import('./completion.ts')).completeCommand),
  entry(
    'doctor',
    'Show which required packages are installed, and how to install the missing ones',
    async () => (await import('./doctor.ts')).doctorCommand,
  ),
];
