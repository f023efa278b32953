import { realpath, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, sep } from 'node:path';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { withException } from '../checks/exception-file.ts';
import { InputError } from '../input/input-error.ts';
import type { Report } from '../report/model.ts';
import { accepted, changeEnded } from '../runs/judging/accept.ts';
import { stopRun } from '../runs/life/stop.ts';
import { RunDir } from '../runs/store/store.ts';
import { findNightly } from '../schedule/nightly.ts';
import type { Done, ExceptionText, Startables, Started } from './api.ts';
import { type Context, parse, sendJson } from './context.ts';
import { addExceptionIn, exceptionIn } from './exceptions.ts';
import { checkToken } from './guard.ts';
import { HttpError } from './http-error.ts';
import { StartCommands } from './start-commands.ts';
import { checkArgument, checkSetting } from './start-settings.ts';
import { startables } from './startables.ts';

export interface ActionOptions {
  /** Without a token nothing can be changed. */
  token: string | undefined;
  /** Inputs of new runs must be below one of these directories. */
  inputs: readonly string[];
  /** File of nightlies that can be started. */
  nightlies?: string | undefined;
  /** Rule file to which exceptions can be added. */
  exceptions?: string | undefined;
  /** Keys of JDLs that may be set to any value when a run is started. */
  settings: readonly string[];
  /** The command `relval`, as an executable and its first arguments; default: this build's. */
  command?: readonly string[];
}

const name = z.string().min(1).max(200);
const setting = z.string().min(1).max(4000);
const nightlyBody = z.strictObject({ nightly: name });
const retryBody = z.union([
  z.strictObject({
    steps: z
      .array(name.regex(/^[\w.+][\w.+-]*$/))
      .min(1)
      .max(10_000),
  }),
  z.strictObject({ failed: z.literal(true) }),
]);
const exceptionBody = z.strictObject({
  finding: z.string().regex(/^[0-9a-f]{4,64}$/, 'expected a fingerprint'),
  reason: z.string().trim().min(1).max(1000),
  owner: name.default(userInfo().username),
  until: z.iso.date('expected a day such as 2030-01-31'),
});
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
 * The routes that change something. They need the token. `stop`, `accept` and `exception` use the library of runs. `run`, `resume`
 * and `retry` plan a JDL: that reads files, evaluates regular expressions of users, and can need much memory and many seconds. It
 * is synchronous, so in this process it would block all other requests. Therefore they start a command in a child process, which
 * also finds its configuration and local files in the directory of the input.
 */
export function addActionRoutes(app: FastifyInstance, context: Context, options: ActionOptions): void {
  const { index } = context;
  const commands = new StartCommands(options.command, index.dir);
  app.addHook('onRequest', async (request: FastifyRequest) => {
    if (request.method === 'POST') checkToken(options.token, request.headers.authorization);
  });

  app.get('/startables', async (request, reply) => {
    return sendJson(request, reply, (await startables(options.inputs, options.nightlies)) satisfies Startables);
  });

  app.post('/runs', async (request, reply) => {
    if (isNightly(request.body)) {
      const { nightly } = parse(nightlyBody, request.body);
      const file = nightlyFile(nightly, options.nightlies, index.dir);
      const run = await commands.start(['run', `--nightly=${file}`, '--any-time', nightly], dirname(file));
      return reply.code(202).send({ run } satisfies Started);
    }
    const body = parse(startBody, request.body);
    for (const text of [...body.set, ...body.setAppend]) checkSetting(text, options.settings);
    for (const text of body.arg) checkArgument(text);
    const input = await allowedInput(body.input, options.inputs);
    const workflow = body.workflow === undefined ? undefined : await allowedInput(body.workflow, options.inputs);
    const from = body.from === undefined ? undefined : (await context.run(body.from)).id;
    // The form with "=", because a value in a word of its own could be read as a flag.
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
    // relval searches relative paths of the input in this directory.
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

  app.post<OfRun>('/runs/:id/retry', async (request, reply) => {
    const body = parse(retryBody, request.body);
    const { id } = await context.run(request.params.id);
    await commands.start(['retry', id, ...('steps' in body ? body.steps : ['--failed'])]);
    return reply.code(202).send({ message: `${id} runs in the background` } satisfies Done);
  });

  app.get<OfRun>('/runs/:id/exception', async (request, reply) => {
    const { finding, ...excuse } = parse(exceptionBody, request.query);
    const { root } = await context.run(request.params.id);
    const report = await reportAt(context, root);
    const yaml = asked(() => withException('', exceptionIn(root, report, finding, excuse)));
    return sendJson(request, reply, { yaml } satisfies ExceptionText);
  });

  app.post<OfRun>('/runs/:id/exception', async (request, reply) => {
    const { finding, ...excuse } = parse(exceptionBody, request.body);
    const { root } = await context.run(request.params.id);
    const file = options.exceptions;
    if (file === undefined)
      throw new HttpError(403, 'exceptions cannot be written here: relval serve --exceptions FILE names the rule file');
    const report = await reportAt(context, root);
    asked(() => addExceptionIn(root, file, exceptionIn(root, report, finding, excuse)));
    return reply.send({ message: `the exception is in ${file}` } satisfies Done);
  });

  app.post<OfRun>('/runs/:id/accept', async (request, reply) => {
    const { note, by = userInfo().username } = parse(acceptBody, request.body);
    const { id, root } = await context.run(request.params.id);
    await changeEnded(new RunDir(root), (record) => accepted(record, by, note, Date.now())).catch(asBadRequest);
    return reply.send({ message: `${id} is accepted: ${note}` } satisfies Done);
  });
}

/** @throws HttpError 404 */
async function reportAt({ reports }: Context, root: string): Promise<Report> {
  const report = await reports.read(root);
  if (!report) throw new HttpError(404, 'the run has no report that can be read');
  return report;
}

const isNightly = (body: unknown): boolean => typeof body === 'object' && body !== null && 'nightly' in body;

/**
 * The file of a nightly that may be started here.
 * @throws HttpError 403 without a file of nightlies, 400 when it has no nightly of this name or the runs are kept elsewhere
 */
function nightlyFile(wanted: string, file: string | undefined, runs: string): string {
  if (file === undefined)
    throw new HttpError(403, 'nightlies cannot be started here: relval serve --nightlies FILE names their file');
  const nightly = asked(() => findNightly(file, wanted));
  if (nightly.runs === runs) return file;
  throw new HttpError(400, `the runs of ${wanted} are kept in ${nightly.runs}, and this server shows ${runs}`);
}

/** @throws HttpError 400 for bad input, else the error itself */
function asked<Value>(look: () => Value): Value {
  try {
    return look();
  } catch (error) {
    return asBadRequest(error);
  }
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
  // Whoever reads a named pipe waits for ever.
  const isFile = path !== undefined && (await stat(path).catch(() => undefined))?.isFile();
  for (const directory of directories) {
    if (isFile && path.startsWith(`${await realpath(directory).catch(() => '\0')}${sep}`)) return path;
  }
  throw new HttpError(403, `${input} is not a file below ${directories.join(' or ')}`);
}
