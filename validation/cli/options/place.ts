import type { Argv } from 'yargs';
import { describeOption } from '../../config/option-texts.ts';
import { containerOptions } from './containers.ts';
import { notifyOptions } from './notify.ts';

/** The flags about how a run is executed, for `run`, `exec` and `resume`. */
export function executionOptions<T>(yargs: Argv<T>) {
  return machineOptions(notifyOptions(yargs))
    .group(
      [
        'local',
        'local-cpus',
        'local-memory',
        'local-gpus',
        'catalog',
        'batch',
        'schedd',
        'pool',
        'log-address',
        'detach',
        'page',
        'keep-page',
      ],
      'Where it runs:',
    )
    .option('page', {
      type: 'string',
      describe: 'Serve the web page during the run, at this HOST:PORT; --page alone: on loopback, at a free port',
    })
    .option('keep-page', {
      type: 'boolean',
      default: false,
      describe: 'With --page, at a terminal: continue to serve the page after the end of the run, until Ctrl-C',
    })
    .option('detach', {
      alias: 'd',
      type: 'boolean',
      default: false,
      describe: 'Run in the background; the run continues when this terminal closes',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print the report as JSON when the run has ended' })
    .option('quiet', {
      alias: 'q',
      type: 'boolean',
      default: false,
      describe: 'Print only the verdict, at the end of the run',
    });
}

/** The flags about the resources of this machine for steps, for commands with `--local`. */
export function machineOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('local-cpus', { type: 'number', describe: describeOption('localCpus') })
    .option('local-memory', { type: 'number', describe: describeOption('localMemory') })
    .option('local-gpus', { type: 'number', describe: describeOption('localGpus') });
}

/** The flags about where the steps of a new run are executed, for `run` and `exec`. */
export function placeOptions<T>(yargs: Argv<T>) {
  return containerOptions(yargs)
    .option('local', { type: 'boolean', default: false, describe: describeOption('local') })
    .option('catalog', { type: 'string', describe: describeOption('catalog') })
    .option('password', { type: 'string', requiresArg: true, describe: describeOption('password') })
    .option('batch', { choices: ['wq', 'condor'] as const, describe: describeOption('batch') })
    .option('schedd', { type: 'string', requiresArg: true, describe: describeOption('schedd') })
    .option('pool', { type: 'string', requiresArg: true, describe: describeOption('pool') })
    .option('log-address', {
      type: 'string',
      requiresArg: true,
      describe: 'HOST[:PORT] to which workers send their logs; default: the name of this machine and a free port',
    });
}
