import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { InputError } from '../jdl/problem.ts';
import type { RunsServer, ServerOptions } from '../server/server.ts';
import { runsOption } from './inspect.ts';

const DEFAULT_PORT = 8080;
/** Characters of a token: what is shorter can be guessed. */
const SHORTEST_TOKEN = 16;

export function addServe(program: Argv): void {
  program.command(
    'serve',
    'The page: runs, graphs, live logs; with REST and metrics',
    (command) =>
      runsOption(command)
        .option('listen', {
          type: 'string',
          default: `127.0.0.1:${DEFAULT_PORT}`,
          describe: 'HOST:PORT to listen on; port 0: a free one',
        })
        .option('token-file', {
          type: 'string',
          describe: 'File with the token for what changes something; without one, the server only shows',
        })
        .option('inputs', {
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          describe: 'Directory whose JDLs and workflows can be started, with the token; repeatable',
        })
        .option('framework', {
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          describe: 'http://HOST:PORT of a framework (its --listen) whose state is shown; repeatable',
        })
        .option('allowed-host', {
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          describe: 'Name that browsers reach this server by, besides its address; repeatable',
        }),
    async (args) => {
      const { url, close } = await listen(args.listen, {
        runs: args.runs,
        token: args.tokenFile === undefined ? undefined : readToken(args.tokenFile),
        inputs: args.inputs.map(inputDirectory),
        frameworks: args.framework.map(frameworkUrl),
        allowedHosts: args.allowedHost,
      });
      console.log(`${url}  (runs in ${resolve(args.runs)})`);
      await new Promise<void>((stop) => {
        for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop());
      });
      await close();
      process.exit(0);
    },
  );
}

/** Starts the server at `HOST:PORT`. @throws InputError when it cannot listen there */
export async function listen(text: string, options: Omit<ServerOptions, 'host' | 'port'>): Promise<RunsServer> {
  const { host, port } = parseListen(text);
  const { startServer } = await import('../server/server.ts');
  try {
    return await startServer({ ...options, host, port });
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

/** @throws InputError */
function parseListen(text: string): { host: string; port: number } {
  const found = /^(?:\[([\da-f:.]+)\]|([^\s:[\]]+)):(\d{1,5})$/i.exec(text);
  const port = Number(found?.[3]);
  if (!found || port > 65_535) throw new InputError([{ message: `${text}: expected HOST:PORT` }]);
  return { host: found[1] ?? found[2] ?? '', port };
}

/** @throws InputError */
function readToken(file: string): string {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new InputError([{ message: `--token-file: ${(error as Error).message}` }]);
  }
  if (token.length >= SHORTEST_TOKEN && !/\s/.test(token)) return token;
  const message = `--token-file ${file}: expected one word of at least ${SHORTEST_TOKEN} characters, e.g. from \`openssl rand -hex 24\``;
  throw new InputError([{ message }]);
}

/** @throws InputError */
function inputDirectory(directory: string): string {
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return resolve(directory);
  throw new InputError([{ message: `--inputs ${directory}: there is no such directory` }]);
}

/** @throws InputError */
function frameworkUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.href;
  throw new InputError([{ message: `--framework ${text}: expected http://HOST:PORT` }]);
}
