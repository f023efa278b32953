import { basename, dirname } from 'node:path';
import type { Argv } from 'yargs';
import type { RunDir } from '../runs/store/store.ts';
import type { RunsServer } from '../server/server.ts';
import { listen } from './serve.ts';

/** Loopback, and a free port. */
const ANYWHERE = '127.0.0.1:0';

/** `--page`, of the commands that carry out a run. */
export function pageOption<T>(yargs: Argv<T>) {
  return yargs.option('page', {
    type: 'string',
    describe: 'Serve the page while the run goes on, at this HOST:PORT; without one: on loopback, at a free port',
  });
}

/** Serves the page of a run from within the run's own process. @throws InputError when it cannot listen there */
export async function servePage(run: RunDir, address: string): Promise<{ server: RunsServer; url: string }> {
  const server = await listen(address || ANYWHERE, {
    runs: dirname(run.path),
    token: undefined,
    inputs: [],
    frameworks: [],
    allowedHosts: [],
  });
  return { server, url: `${server.url}/runs/${encodeURIComponent(basename(run.path))}` };
}
