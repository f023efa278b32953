import { InputError } from '../../input/input-error.ts';
import type { RunsServer, ServerOptions } from '../../server/server.ts';
import { parseHostPort } from '../../units/address.ts';

/** Starts the server at `HOST:PORT`. @throws InputError when it cannot listen there */
export async function listen(text: string, options: Omit<ServerOptions, 'host' | 'port'>): Promise<RunsServer> {
  const address = parseHostPort(text, 0);
  if (!address) throw new InputError([{ message: `${text}: expected HOST:PORT` }]);
  const { startServer } = await import('../../server/server.ts');
  try {
    return await startServer({ ...options, ...address });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const reasons: Record<string, string> = {
      EADDRINUSE: 'the address is in use: take another port, or 0 for a free one',
      EADDRNOTAVAIL: 'this machine does not have that address',
      EACCES: 'ports below 1024 are not for everybody',
      ENOTFOUND: 'there is no such host',
    };
    throw new InputError([{ message: `cannot listen on ${text}: ${reasons[code] ?? message}` }]);
  }
}
