import type { ArgumentsCamelCase, Argv } from 'yargs';
import { CARRY } from '../runs/life/carry-name.ts';
import type { Command } from './command.ts';

/** A command of `relval`: its name, a line about it, and how to get the rest. */
export interface Entry {
  /** What yargs parses, for example `logs <run> [step]`. After the first come other names of the command. */
  usage: string | string[];
  /** A line about it; false: it is not shown. */
  describe: string | false;
  /** Loads its options and what it does. */
  load(): Promise<{ builder(yargs: Argv): Argv; handler(args: ArgumentsCamelCase): void | Promise<void> }>;
}

/** Loading all commands takes several times as long as a short one runs: so each is loaded when it is run or asked for its help. */
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

/** The command by which a shell asks what a word could become. Only the scripts of `relval completion` call it. */
export const COMPLETE = '__complete';

export const SUMMARY = 'Runs release validations on Work Queue: AliEn JDL in, logs, verdict and report out.';
export const EPILOGUE =
  'Flags about places and limits can also be given in relval.yaml, or as $RELVAL_NAME: see `relval config`.\nExit status: 0 passed, 1 failed, 2 bad input or usage, 3 broken (infrastructure), 130 interrupted';

/** The option that all commands have. */
export const CONFIG = {
  type: 'string',
  requiresArg: true,
  describe: 'Configuration file; default: $RELVAL_CONFIG, or the nearest relval.yaml; --no-config: none',
} as const;

/** All commands of `relval`, in the order in which `--help` and the manual show them. */
export const COMMANDS: readonly Entry[] = [
  entry(
    'plan <input>',
    'The steps, their dependencies, arguments, environment and outputs',
    async () => (await import('./plan.ts')).planCommand,
  ),
  entry(
    'generate <input>',
    'Write Makeflow files and scripts, and run nothing',
    async () => (await import('./generate.ts')).generateCommand,
  ),
  entry('run <input>', 'Run a validation and judge it', async () => (await import('./run.ts')).runCommand),
  entry(
    'exec',
    'Run one command as a step, and judge it: relval exec --local -- CMD ARG…',
    async () => (await import('./exec.ts')).execCommand,
  ),
  entry(
    'resume <run>',
    'Go on with a run that was interrupted; what has succeeded is not run again',
    async () => (await import('./resume.ts')).resumeCommand,
  ),
  entry(`${CARRY} <directory>`, false, async () => (await import('./carry.ts')).carryCommand),
  entry('stop <run>', 'Stop a run in order; it can be resumed', async () => (await import('./stop.ts')).stopCommand),
  entry(['list', 'ls'], 'The runs, oldest first', async () => (await import('./list.ts')).listCommand),
  entry('status [run]', 'How far a run is, or how it ended', async () => (await import('./status.ts')).statusCommand),
  entry(
    'logs <run> [step]',
    'The log of a step, also while it runs; without a step those of all steps',
    async () => (await import('./logs.ts')).logsCommand,
  ),
  entry(
    'report [run]',
    'The report of a run that has ended; by other criteria, where any are given: the stored report stays as it is',
    async () => (await import('./report.ts')).reportCommand,
  ),
  entry(
    'diff <a> <b>',
    'How run B differs from run A: findings that are new, known and fixed, steps, times and sizes',
    async () => (await import('./diff.ts')).diffCommand,
  ),
  entry(
    'histograms <a> [b]',
    'Compare the histograms of a run, or of ROOT files: is the physics the same?',
    async () => (await import('./histograms.ts')).histogramsCommand,
  ),
  entry(
    'accept <run>',
    'Mark a run that failed as good enough: later runs are compared with it',
    async () => (await import('./accept.ts')).acceptCommand,
  ),
  entry(
    'graph <input>',
    'Draw the steps and their dependencies, of a run with their states',
    async () => (await import('./graph.ts')).graphCommand,
  ),
  entry(
    'serve',
    'The page: runs, graphs, live logs; with REST and metrics',
    async () => (await import('./serve.ts')).serveCommand,
  ),
  entry(
    'check <input>',
    'Pre-flight checks: what would keep a run from working',
    async () => (await import('./check.ts')).checkCommand,
  ),
  entry(
    'schedule <action> [name]',
    'Nightlies: when they start, and by which scheduler',
    async () => (await import('./schedule.ts')).scheduleCommand,
  ),
  entry(
    'gc',
    'Remove old runs; accepted ones and the last good one of each workflow stay',
    async () => (await import('./gc.ts')).gcCommand,
  ),
  entry(
    'notify [run]',
    'Tell whom relval.yaml names about a run, again or for the first time',
    async () => (await import('./notify.ts')).notifyCommand,
  ),
  entry(
    'config',
    'The configuration that counts, and where each value comes from',
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
    'What is installed, what is missing, how to get it',
    async () => (await import('./doctor.ts')).doctorCommand,
  ),
];
