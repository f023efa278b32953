import { inspect } from 'node:util';
import { parseHostPort } from '../../../framework/net/address.ts';
import { InputError } from '../../input/input-error.ts';
import type { RunsServer, ServerOptions } from '../../server/server.ts';
import { err } from '../terminal.ts';

/** Starts the server at `HOST:PORT`. @throws InputError if it cannot listen there */
export async function listen(text: string, options: Omit<ServerOptions, 'host' | 'port'>): Promise<RunsServer> {
  const address = parseHostPort(text, 0);
  if (!address) throw new InputError([{ message: `${text}: expected HOST:PORT` }]);
  const { startServer } = await import('../../server/server.ts');
  try {
    return await startServer({ ...options, ...address, onFault: (error) => err.sayText(inspect(error)) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reasons: Record<string, string> = {
      EADDRINUSE: 'the address is in use; choose another port, or 0 for any free port',
      EADDRNOTAVAIL: 'this machine does not have that address',
      EACCES: 'you are not allowed to use ports below 1024',
      ENOTFOUND: 'there is no such host',
    };
    throw new InputError([{ message: `cannot listen on ${text}: ${reasons[code] ?? message}` }]);
  }
}
