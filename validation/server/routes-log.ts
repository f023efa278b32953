import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { readLogLines } from '../logs/log-lines.ts';
import type { Place } from '../logs/log-reader.ts';
import { type OpenLog, openLog, openTimes } from '../logs/open-log.ts';
import { type Context, clientOf, flag, hasIt, integer, parse, sendJson } from './context.ts';
import { REPORT_POLICY } from './headers.ts';
import { HttpError } from './http-error.ts';
import { attemptsOf, logPath } from './step-files.ts';
import { attemptHasEnded } from './summaries.ts';
import { whenGone } from './turns.ts';

/** The query that names a log of a step. */
export const logQuery = z.object({
  attempt: integer(1, 1e6).optional(),
  stream: z.string().min(1).max(1000).default('stdout'),
});
const bytesQuery = logQuery.extend({
  offset: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  limit: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  line: integer(-1e9, 1e12).optional(),
  lines: integer(1, 10_000).default(1000),
  download: flag.optional(),
});
const searchQuery = logQuery.extend({
  q: z.string().min(1).max(1000),
  regex: flag.default(false),
  /** Whether the search is case-sensitive. */
  case: flag.default(false),
  after: integer(0, 1e12).default(0),
  limit: integer(1, 1000).default(200),
});
const groupsQuery = logQuery.extend({
  after: z
    .string()
    .regex(/^\d{1,15},\d{1,15}$/, 'expected what an answer had as `next`')
    .transform((text): Place => {
      const [line = 1, offset = 0] = text.split(',').map(Number);
      return { line, offset };
    })
    .optional(),
});
const reportQuery = z.object({ format: z.enum(['json', 'html', 'junit', 'text']).default('json') });

type OfStep = { Params: { id: string; step: string } };
type OfRun = { Params: { id: string } };

const PLAIN = 'text/plain; charset=utf-8';
/** The files of a report, and their types. */
const REPORT_FILES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'report.json': 'application/json; charset=utf-8',
  'histograms.ndjson': 'application/x-ndjson; charset=utf-8',
  'junit.xml': 'application/xml; charset=utf-8',
  'validation_report_full.txt': PLAIN,
};
const BY_FORMAT = { json: 'report.json', junit: 'junit.xml', text: 'validation_report_full.txt' } as const;

export interface FoundLog {
  root: string;
  path: string;
  attempt: number;
  /** When the attempt began, ms since 1970. */
  start: number | undefined;
  ended: () => Promise<boolean>;
}

/** The path of a log. The step is known to exist. The stream is checked when the log is opened. */
export async function findLog(
  context: Context,
  { id, step }: { id: string; step: string },
  wanted: z.output<typeof logQuery>,
): Promise<FoundLog> {
  const { run, progress } = await context.step(id, step);
  const attempt =
    wanted.attempt ?? Math.max(progress.view.steps.get(step)?.attempt ?? 0, ...(await attemptsOf(run.root, step)), 1);
  const path = logPath(step, attempt, wanted.stream);
  if (wanted.stream.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw new HttpError(404, `there is no log ${wanted.stream}`);
  }
  const ended = async (): Promise<boolean> => {
    const now = await context.index.get(id);
    return !now || attemptHasEnded(now.status, await context.progress.of(run.root), step, attempt);
  };
  const start = progress.attempts.get(step)?.get(attempt)?.started;
  return { root: run.root, path, attempt, start, ended };
}

export function addLogRoutes(app: FastifyInstance, context: Context): void {
  app.get<OfStep>('/runs/:id/steps/:step/log', async (request, reply) => {
    const query = parse(bytesQuery, request.query);
    const log = await findLog(context, request.params, query);
    const complete = await log.ended();
    const file = await openLog(log);
    if (query.line === undefined) {
      if (query.download) {
        const name = `${request.params.id}-${request.params.step}-${log.attempt}-${query.stream.replace(/[^\w.-]+/g, '_')}`;
        reply.header('content-disposition', `attachment; filename="${name}${/\.\w+$/.test(name) ? '' : '.log'}"`);
      }
      return sendBytes(request, reply.type(PLAIN), file, query);
    }
    const lines = context.lines.of(join(log.root, log.path), file);
    const times = await openTimes(log);
    try {
      const wanted = { line: query.line, lines: query.lines, complete, times: times?.handle };
      // Counting goes on after the end of a log was sent, because readers usually scroll up.
      const signal = query.line < 0 ? new AbortController().signal : whenGone(request.raw, reply.raw);
      const count = () => context.lines.count(lines, file, clientOf(request), signal);
      const answer = await readLogLines(file, lines, count, wanted);
      return sendJson(request, reply, { ...answer, ...(log.start !== undefined && { start: log.start }) });
    } finally {
      await times?.handle.close();
      // The count still needs the file.
      void lines.settled().then(() => file.close());
    }
  });

  app.get<OfStep>('/runs/:id/steps/:step/log/search', async (request, reply) => {
    const { q, regex, case: matchCase, after, limit, ...wanted } = parse(searchQuery, request.query);
    const log = await findLog(context, request.params, wanted);
    const file = await openLog(log);
    const gone = whenGone(request.raw, reply.raw);
    try {
      const offset = await startOf(context, request, join(log.root, log.path), file, after + 1, gone);
      const job = { log: file, offset, line: after + 1, q, regex, matchCase, limit };
      const found = offset >= file.size ? { matches: [] } : await context.searcher.search(clientOf(request), job, gone);
      return sendJson(request, reply, found);
    } finally {
      await file.close();
    }
  });

  app.get<OfStep>('/runs/:id/steps/:step/log/groups', async (request, reply) => {
    const { after, ...wanted } = parse(groupsQuery, request.query);
    const file = await openLog(await findLog(context, request.params, wanted));
    try {
      const gone = whenGone(request.raw, reply.raw);
      const { groups, next } = await context.logGroupings.find(clientOf(request), file, after, gone);
      return sendJson(request, reply, { groups, ...(next && { next: `${next.line},${next.offset}` }) });
    } finally {
      await file.close();
    }
  });

  app.get<{ Params: { id: string; step: string; attempt: string; '*': string } }>(
    '/runs/:id/steps/:step/:attempt/*',
    async (request, reply) => {
      const attempt = parse(integer(1, 1e6), request.params.attempt);
      const log = await findLog(context, request.params, { attempt, stream: request.params['*'] });
      return sendBytes(request, reply.type(PLAIN), await openLog(log), {});
    },
  );

  app.get<OfRun>('/runs/:id/report', async (request, reply) => {
    const { format } = parse(reportQuery, request.query);
    if (format === 'html') return reply.redirect(`report/index.html`);
    return sendReport(request, reply, context, request.params.id, BY_FORMAT[format]);
  });
  app.get<{ Params: { id: string; file: string } }>('/runs/:id/report/:file', (request, reply) =>
    sendReport(request, reply, context, request.params.id, request.params.file),
  );
}

async function startOf(
  context: Context,
  request: FastifyRequest,
  path: string,
  file: OpenLog,
  line: number,
  gone: AbortSignal,
): Promise<number> {
  if (line <= 1) return 0;
  const lines = context.lines.of(path, file);
  await context.lines.count(lines, file, clientOf(request), gone);
  return (await lines.offsetOf(file, line)) ?? file.size;
}

async function sendReport(
  request: FastifyRequest,
  reply: FastifyReply,
  context: Context,
  id: string,
  name: string,
): Promise<FastifyReply> {
  const type = Object.hasOwn(REPORT_FILES, name) ? REPORT_FILES[name] : undefined;
  if (type === undefined) throw new HttpError(404, `a report has no file ${name}`);
  const run = await context.run(id);
  const file = await openLog({ root: run.root, path: `report/${name}` }).catch(() => {
    throw new HttpError(404, `${id} has no report: it is ${run.status}`);
  });
  if (name.endsWith('.html')) reply.header('content-security-policy', REPORT_POLICY);
  return sendBytes(request, reply.type(type), file, {});
}

/** Sends a log or another file, or the requested part of it, and closes it. */
async function sendBytes(
  request: FastifyRequest,
  reply: FastifyReply,
  file: OpenLog,
  part: { offset?: number | undefined; limit?: number | undefined },
): Promise<FastifyReply> {
  const etag = `"${file.stamp}"`;
  reply.headers({ etag, 'accept-ranges': 'bytes', 'last-modified': file.changed.toUTCString() });
  if (hasIt(request, etag)) {
    await file.close();
    return reply.code(304).send();
  }
  const { size } = file;
  let from = Math.min(part.offset ?? 0, size);
  let to = Math.min(from + (part.limit ?? size), size);
  const ifRange = request.headers['if-range'];
  const range = ifRange === undefined || ifRange === etag ? parseRange(request.headers.range, size) : undefined;
  if (range === 'none') {
    await file.close();
    reply.header('content-range', `bytes */${size}`);
    throw new HttpError(416, `the file has only ${size} bytes`);
  }
  if (range && part.offset === undefined && part.limit === undefined) {
    ({ from, to } = range);
    reply.code(206).header('content-range', `bytes ${from}-${to - 1}/${size}`);
  }
  reply.header('content-length', to - from);
  if (to === from || request.method === 'HEAD') {
    await file.close();
    return reply.send(Readable.from([]));
  }
  return reply.send(file.stream(from, to));
}

/** One range of bytes, [from, to). Several ranges, or an invalid one, get the whole file (RFC 9110, 14.2). */
export function parseRange(
  header: string | undefined,
  size: number,
): { from: number; to: number } | 'none' | undefined {
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!found || (found[1] === '' && found[2] === '')) return undefined;
  if (found[1] === '') {
    const last = Number(found[2]);
    return last === 0 || size === 0 ? 'none' : { from: Math.max(0, size - last), to: size };
  }
  const from = Number(found[1]);
  const to = found[2] === '' ? size : Math.min(size, Number(found[2]) + 1);
  if (found[2] !== '' && Number(found[2]) < from) return undefined;
  return from >= size ? 'none' : { from, to };
}
