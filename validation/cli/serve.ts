import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { InputError } from '../input/input-error.ts';
import { loadNightlies } from '../schedule/nightly.ts';
import { serveSection } from '../server/settings.ts';
import { defineCommand } from './command.ts';
import { listen } from './options/listen.ts';
import { runsOption } from './options/runs.ts';
import { out } from './terminal.ts';

const SECTION = serveSection.unwrap();
const LISTEN = SECTION.parse({}).listen;
/** Minimum number of characters of a token: shorter ones can be guessed. */
const SHORTEST_TOKEN = 16;

/** The text of a key in `--help` and in the documentation of `relval.yaml`. */
function describe(key: keyof typeof SECTION.shape): string {
  return SECTION.shape[key].description ?? '';
}

function repeatable(key: keyof typeof SECTION.shape) {
  return {
    type: 'string',
    array: true,
    nargs: 1,
    default: [] as string[],
    describe: `${describe(key)}; repeatable`,
  } as const;
}

export const serveCommand = defineCommand(
  (command) =>
    runsOption(command)
      .option('listen', { type: 'string', default: LISTEN, describe: describe('listen') })
      .option('token-file', { type: 'string', describe: describe('tokenFile') })
      .option('inputs', repeatable('inputs'))
      .option('nightlies', { type: 'string', describe: describe('nightlies') })
      .option('exceptions', { type: 'string', describe: describe('exceptions') })
      .option('settings', { alias: 'setting', ...repeatable('settings') })
      .option('frameworks', { alias: 'framework', ...repeatable('frameworks') })
      .option('allowed-hosts', { alias: 'allowed-host', ...repeatable('allowedHosts') })
      .option('public-url', { type: 'string', describe: describe('publicUrl') }),
  async (args) => {
    if (args.nightlies !== undefined) loadNightlies(args.nightlies);
    const known = args.publicUrl === undefined ? undefined : publicUrl(args.publicUrl);
    const { url, close } = await listen(args.listen, {
      runs: args.runs,
      token: args.tokenFile === undefined ? undefined : readToken(args.tokenFile),
      inputs: args.inputs.map(inputDirectory),
      settings: args.settings,
      nightlies: args.nightlies === undefined ? undefined : resolve(args.nightlies),
      exceptions: args.exceptions === undefined ? undefined : resolve(args.exceptions),
      frameworks: args.frameworks.map((text) => httpUrl('framework', text)),
      root: known?.pathname.replace(/\/+$/, '') ?? '',
      origin: known?.origin,
      allowedHosts: [...args.allowedHosts, ...(known === undefined ? [] : [known.hostname])],
    });
    const isThere = existsSync(args.runs);
    out.say(`${url}  (runs in ${resolve(args.runs)}${isThere ? '' : ', which the first run will create'})`);
    await new Promise<void>((stop) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => stop());
    });
    await close();
    process.exit(0);
  },
);

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

/** @throws InputError also when its path is ambiguous with one of the server's own */
function publicUrl(text: string): URL {
  const url = new URL(httpUrl('public-url', text));
  if (!/^\/(api|assets)(\/|$)/.test(url.pathname)) return url;
  throw new InputError([{ message: `--public-url ${text}: a path of the server begins like that. Use another one` }]);
}

/** @throws InputError */
function httpUrl(flag: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.href;
  throw new InputError([{ message: `--${flag} ${text}: expected http://HOST:PORT` }]);
}
