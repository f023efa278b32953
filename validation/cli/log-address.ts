import type { Argv } from 'yargs';
import { InputError } from '../input/input-error.ts';
import { LOG_ADDRESS } from '../runs/execution/streams.ts';

/** Where workers of a cluster find this machine. */
export function logAddressOption<T>(yargs: Argv<T>) {
  return yargs.option('log-address', {
    type: 'string',
    requiresArg: true,
    describe: 'HOST[:PORT] by which workers reach this machine with their logs; default: its name, and a free port',
  });
}

/** @throws InputError */
export function checkLogAddress(text: string): void {
  if (LOG_ADDRESS.test(text)) return;
  throw new InputError([{ message: `--log-address ${text}: expected HOST or HOST:PORT` }]);
}
