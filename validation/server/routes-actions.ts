import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { dirname, sep } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { InputError } from '../input/input-error.ts';
import { accepted } from '../runs/judging/accept.ts';
import { stopRun } from '../runs/life/stop.ts';
import { RunDir } from '../runs/store/store.ts';
import type { Done, Started } from './api.ts';
import { type Context, parse } from './context.ts';
import { checkToken } from './guard.ts';
import { HttpError } from './http-error.ts';
import { checkArgument, checkSetting } from './start-settings.ts';

export interface ActionOptions {
  /** Without a token nothing can be changed. */
  token: string | undefined;
  /** Inputs of new runs must be below one of these directories. */
  inputs: readonly string[];
  /** Keys of JDLs that may be set to any value when a run is started. */
  settings: readonly string[];
  /** The command `relval`, as an executable and its first arguments; default: this build's. */
  command?: readonly string[];
}

/** Time limit for a command that plans a run and hands it over to a background process. */
const PATIENCE_MS = 120_000;
/** Largest number of such commands at the same time. */
const AT_ONCE = 4;
/** What `relval run` and `relval resume` print with `--detach --json`. */
const detached = z.object({ id: z.string() });

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
const acceptBody = z.strictObject({ note: z.string().trim().min(1).max(4000), by: name.optional() });

type OfRun = { Params: { id: string } };

/**
 * The routes that change something. They need the token. `stop` and `accept` use the library of runs. `run` and `resume` plan a JDL,
 * which reads files, evaluates regular expressions of users and can need much memory and many seconds, all synchronously:
 * in this process nobody else would get an answer meanwhile. So they are commands in a child process, which also find their
 * configuration and local files in the directory of the input.
 */
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
    // Relative paths in the input are searched in its directory.
    const run = await commands.start(['run', input, ...flags, ...settings, ...local], dirname(input));
    return reply.code(202).send({ run } satisfies Started);
  });

  app.post<OfRun>('/runs/:id/stop', async (request, reply) => {
    const { id, root } = await context.run(request.params.id);
    const status = await stopRun(new RunDir(root)).catch(asBadRequest);
    return reply.code(202).send({ message: `${id} has stopped: ${status}` } satisfies Done);
  });

  app.post<OfRun>('/runs/:id/resume', async (request, reply) => {
    const { id } = await context.run(request.params.id);
    await commands.start(['resume', id]);
    return reply.code(202).send({ message: `${id} runs in the background` } satisfies Done);
  });

  app.post<OfRun>('/runs/:id/accept', async (request, reply) => {
    const { note, by = userInfo().username } = parse(acceptBody, request.body);
    const { id, root } = await context.run(request.params.id);
    try {
      const run = new RunDir(root);
      run.writeRecord(accepted(run.readRecord(), by, note, Date.now()));
    } catch (error) {
      asBadRequest(error);
    }
    return reply.send({ message: `${id} is accepted: ${note}` } satisfies Done);
  });
}

/** @throws HttpError 400 for bad input, else the error itself */
function asBadRequest(error: unknown): never {
  throw error instanceof InputError ? new HttpError(400, error.message) : error;
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

/** Starts runs by the command `relval` in a child process. */
class Commands {
  readonly #command: readonly string[] | undefined;
  readonly #runs: string;
  #running = 0;

  constructor(command: readonly string[] | undefined, runs: string) {
    this.#command = command;
    this.#runs = runs;
  }

  /**
   * @param words `run` or `resume` with its arguments
   * @returns the id of the run, which then runs in the background
   * @throws HttpError 400 with the command's message for bad input, 500 when the command failed in another way, 503 when too many run
   */
  async start(words: readonly string[], cwd = this.#runs): Promise<string> {
    if (this.#running >= AT_ONCE) throw new HttpError(503, 'the server starts other runs at this moment: try again');
    const [file = '', ...first] = this.#command ?? thisCommand();
    this.#running++;
    try {
      const stdout = await new Promise<string>((resolve, reject) => {
        const args = [...first, ...words, '--detach', '--json', `--runs=${this.#runs}`];
        const options = { cwd, timeout: PATIENCE_MS, env: { ...process.env, NO_COLOR: '1' }, maxBuffer: 1 << 20 };
        execFile(file, args, options, (error, printed, stderr) => {
          const said = stderr.trim().replace(/^relval: /, '');
          if (!error) resolve(printed);
          else reject(new HttpError(error.code === 2 ? 400 : 500, said || error.message));
        });
      });
      return detached.parse(JSON.parse(stdout)).id;
    } finally {
      this.#running--;
    }
  }
}
