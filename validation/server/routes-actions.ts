import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Done, Started } from './api.ts';
import { type Context, parse } from './context.ts';
import { checkToken } from './guard.ts';
import { HttpError } from './http-error.ts';
import { checkArgument, checkSetting } from './start-settings.ts';

export interface ActionOptions {
  /** Without one nothing can be changed. */
  token: string | undefined;
  /** Directories below which inputs of new runs are. */
  inputs: readonly string[];
  /** Keys of JDLs that may be set to any value when a run is started. */
  settings: readonly string[];
  /** The command `relval`, as an executable and its first arguments; default: this build's. */
  command?: readonly string[];
}

/** A command that only hands over to a background process. */
const PATIENCE_MS = 120_000;
/** Commands at the same time. */
const AT_ONCE = 4;

const name = z.string().min(1).max(200);
const setting = z.string().min(1).max(4000);
const startBody = z.strictObject({
  input: z.string().min(1).max(4000),
  workflow: z.string().min(1).max(4000).optional(),
  name: name.optional(),
  set: z.array(setting).max(200).default([]),
  setAppend: z.array(setting).max(200).default([]),
  arg: z.array(z.string().max(4000)).max(200).default([]),
  startAt: name.optional(),
  stopAt: name.optional(),
  only: name.optional(),
  from: name.optional(),
  retries: z.int().min(0).max(100).optional(),
  local: z.boolean().default(false),
  catalog: name.optional(),
});
const acceptBody = z.strictObject({ note: z.string().min(1).max(4000), by: name.optional() });

type OfRun = { Params: { id: string } };

/** What changes something: by the same commands that a user would give, and only with the token. */
export function addActionRoutes(app: FastifyInstance, context: Context, options: ActionOptions): void {
  const { index } = context;
  const commands = new Commands(options.command, index.dir);
  app.addHook('onRequest', async (request: FastifyRequest) => {
    if (request.method === 'POST') checkToken(options.token, request.headers.authorization);
  });

  app.post('/runs', async (request, reply) => {
    const body = parse(startBody, request.body);
    for (const text of [...body.set, ...body.setAppend]) checkSetting(text, options.settings);
    for (const text of body.arg) checkArgument(text);
    const input = await allowedInput(body.input, options.inputs);
    const workflow = body.workflow === undefined ? undefined : await allowedInput(body.workflow, options.inputs);
    const from = body.from === undefined ? undefined : (await context.run(body.from)).id;
    // With "=" and not as a word of its own, no value can be taken for a flag.
    const flags = Object.entries({
      workflow,
      name: body.name,
      'start-at': body.startAt,
      'stop-at': body.stopAt,
      only: body.only,
      from,
      retries: body.retries,
      catalog: body.catalog,
    }).flatMap(([flag, value]) => (value === undefined ? [] : [`--${flag}=${value}`]));
    const settings = [
      ...body.set.map((text) => `--set=${text}`),
      ...body.setAppend.map((text) => `--set-append=${text}`),
      ...body.arg.map((text) => `--arg=${text}`),
    ];
    const local = body.local ? ['--local'] : [];
    // Local files that the input names are looked for beside it.
    const said = await commands.run(['run', input, ...flags, ...settings, ...local, '--detach'], dirname(input));
    for (const word of said.split(/[\s:]+/)) {
      const run = word === '' ? undefined : await index.get(word);
      if (run) return reply.code(202).send({ run: run.id } satisfies Started);
    }
    throw new HttpError(500, `the run was started, but is not known yet: ${said}`);
  });

  app.post<OfRun>('/runs/:id/stop', async (request, reply) => {
    const { id } = await context.run(request.params.id);
    return reply.code(202).send({ message: await commands.run(['stop', id]) } satisfies Done);
  });

  app.post<OfRun>('/runs/:id/resume', async (request, reply) => {
    const { id } = await context.run(request.params.id);
    return reply.code(202).send({ message: await commands.run(['resume', id, '--detach']) } satisfies Done);
  });

  app.post<OfRun>('/runs/:id/accept', async (request, reply) => {
    const { note, by } = parse(acceptBody, request.body);
    const { id } = await context.run(request.params.id);
    const message = await commands.run(['accept', id, `--note=${note}`, ...(by === undefined ? [] : [`--by=${by}`])]);
    return reply.send({ message } satisfies Done);
  });
}

/**
 * The real path of an input, which must be below one of the directories, whatever links lead to it.
 * @throws HttpError 403
 */
async function allowedInput(input: string, directories: readonly string[]): Promise<string> {
  if (directories.length === 0) {
    throw new HttpError(
      403,
      'runs cannot be started here: relval serve --inputs DIR names the directories of their JDLs',
    );
  }
  const path = await realpath(input).catch(() => undefined);
  for (const directory of directories) {
    if (path?.startsWith(`${await realpath(directory).catch(() => '\0')}${sep}`)) return path;
  }
  throw new HttpError(403, `${input} is no file below ${directories.join(' or ')}`);
}

function thisCommand(): string[] {
  return [process.execPath, createRequire(import.meta.url).resolve('release-validation/dist/validation/cli/main.js')];
}

/** Runs our own command as a child. */
class Commands {
  readonly #command: readonly string[] | undefined;
  readonly #runs: string;
  #running = 0;

  constructor(command: readonly string[] | undefined, runs: string) {
    this.#command = command;
    this.#runs = runs;
  }

  /** @returns what it said on stdout @throws HttpError 400 with what it said of bad input, 500 when it failed otherwise */
  async run(words: readonly string[], cwd = this.#runs): Promise<string> {
    if (this.#running >= AT_ONCE) throw new HttpError(503, 'too many commands at this moment');
    const [file = '', ...first] = this.#command ?? thisCommand();
    this.#running++;
    try {
      return await new Promise((resolve, reject) => {
        const args = [...first, ...words, `--runs=${this.#runs}`];
        const options = { cwd, timeout: PATIENCE_MS, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 1 << 20 };
        execFile(file, args, options, (error, stdout, stderr) => {
          const said = stderr.trim().replace(/^relval: /, '');
          if (!error) resolve(stdout.trim());
          else reject(new HttpError(error.code === 2 ? 400 : 500, said || error.message));
        });
      });
    } finally {
      this.#running--;
    }
  }
}
