import type { Argv } from 'yargs';
import { describeOption } from '../../config/options.ts';
import { containerOptions } from './containers.ts';
import { notifyOptions } from './notify.ts';

/** The flags about how a run is carried out, now: shared by `run`, `exec` and `resume`. */
export function carryOptions<T>(yargs: Argv<T>) {
  return notifyOptions(yargs)
    .group(['local', 'local-cpus', 'local-memory', 'catalog', 'log-address', 'detach', 'page'], 'Where it runs:')
    .option('local-cpus', { type: 'number', describe: describeOption('localCpus') })
    .option('local-memory', { type: 'number', describe: describeOption('localMemory') })
    .option('page', {
      type: 'string',
      describe: 'Serve the page while the run goes on, at this HOST:PORT; without one: on loopback, at a free port',
    })
    .option('detach', {
      alias: 'd',
      type: 'boolean',
      default: false,
      describe: 'Run in the background, and leave it alone when this terminal goes',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print the report as JSON when it is over' });
}

/** The flags about the place in which the steps of a new run are to run: shared by `run` and `exec`. */
export function placeOptions<T>(yargs: Argv<T>) {
  return containerOptions(yargs)
    .option('local', { type: 'boolean', default: false, describe: describeOption('local') })
    .option('catalog', { type: 'string', describe: describeOption('catalog') })
    .option('password', { type: 'string', requiresArg: true, describe: describeOption('password') })
    .option('log-address', {
      type: 'string',
      requiresArg: true,
      describe: 'HOST[:PORT] by which workers reach this machine with their logs; default: its name, and a free port',
    });
}
