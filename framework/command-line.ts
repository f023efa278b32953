import type { ArgumentsCamelCase, Argv } from 'yargs';
import { runFramework, teardown } from './commands.ts';
import { defaultStateDir, frameworkOptions, STATE_DIRS } from './options.ts';
import { explainRunning } from './why.ts';

export const SUMMARY =
  'Launches Work Queue workers from Mesos offers: as many as the waiting tasks of the managers need, and no more.';

/** A command of the framework. `$0` is the command that runs when none is named. */
export interface Entry {
  usage: string;
  describe: string;
  builder(yargs: Argv): Argv;
  handler(args: ArgumentsCamelCase): void | Promise<void>;
}

function entry<T>(
  usage: string,
  describe: string,
  builder: (yargs: Argv) => Argv<T>,
  handler: (args: ArgumentsCamelCase<NoInfer<T>>) => void | Promise<void>,
): Entry {
  return {
    usage,
    describe,
    builder: (yargs) => builder(yargs) as Argv,
    handler: (args) => handler(args as ArgumentsCamelCase<T>),
  };
}

/** All commands, in the order in which `--help` and the manual show them. */
export const COMMANDS: readonly Entry[] = [
  entry(
    '$0',
    'Launch workers for the Work Queue managers of a catalog',
    (command: Argv) => frameworkOptions(command),
    runFramework,
  ),
  entry(
    'why [project]',
    'Explain why each project has its workers, and why it gets no more',
    (command: Argv) =>
      command
        .positional('project', { type: 'string', describe: 'Explain only this project' })
        .option('state-dir', {
          type: 'string',
          default: defaultStateDir(),
          defaultDescription: STATE_DIRS,
          describe: 'State directory of the framework',
        })
        .option('address', {
          type: 'string',
          requiresArg: true,
          describe: 'HOST:PORT of a framework, also on another machine (its --listen), in the place of --state-dir',
        })
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
    explainRunning,
  ),
  entry(
    'teardown',
    'Tear down the framework of a state directory: Mesos kills its workers',
    (command: Argv) => frameworkOptions(command),
    teardown,
  ),
];
