import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isLive } from '../runs/store/record.ts';
import type { RunSummary } from './api.ts';
import { Histories } from './histories.ts';
import { HttpError } from './http-error.ts';
import { LineIndexes } from './line-indexes.ts';
import { LogDiffs } from './log-diffs.ts';
import { LogGroupings } from './log-groupings.ts';
import { LogSearcher } from './log-search.ts';
import { clientAddress } from './places.ts';
import { ProgressCache, type RunProgress } from './progress.ts';
import { Reports } from './reports.ts';
import { RunGraphs } from './run-graphs.ts';
import { type IndexedRun, RunIndex } from './run-index.ts';
import { type StepSource, summarize } from './summaries.ts';

/** Data that all routes share: the runs, and caches about them. */
export class Context {
  readonly index: RunIndex;
  readonly progress = new ProgressCache();
  readonly reports = new Reports();
  readonly histories: Histories;
  readonly graphs = new RunGraphs();
  readonly lines = new LineIndexes();
  readonly searcher = new LogSearcher();
  readonly logDiffs = new LogDiffs();
  readonly logGroupings = new LogGroupings();

  constructor(runs: string) {
    this.index = new RunIndex(runs);
    this.histories = new Histories(this.index.dir);
  }

  /** @throws HttpError 404 */
  async run(id: string): Promise<IndexedRun> {
    const run = await this.index.get(id);
    if (!run) throw new HttpError(404, `there is no run ${id}`);
    return run;
  }

  /** A run and one of its steps. Only the name of an existing step may be used in a path. @throws HttpError 404 */
  async step(id: string, step: string): Promise<{ run: IndexedRun; progress: RunProgress }> {
    const run = await this.run(id);
    const progress = await this.progress.of(run.root);
    if (!progress.view.steps.has(step) || !/^[\w.+-]{1,200}$/.test(step) || /^\.+$/.test(step)) {
      throw new HttpError(404, `run ${id} has no step ${step}`);
    }
    return { run, progress };
  }

  async source({ root, status }: IndexedRun): Promise<StepSource> {
    const [progress, report] = await Promise.all([this.progress.of(root), this.reports.read(root)]);
    return { progress, report, live: isLive(status) };
  }

  async summary(run: IndexedRun): Promise<RunSummary> {
    return summarize(run, run.record.state === 'ended' ? await this.reports.counts(run.root) : undefined);
  }

  async close(): Promise<void> {
    this.index.close();
    this.lines.close();
    await Promise.all([
      this.searcher.close(),
      this.logDiffs.close(),
      this.logGroupings.close(),
      this.graphs.close(),
      this.histories.close(),
    ]);
  }
}

/**
 * The content of a request, checked against a schema.
 * @throws HttpError 400 with the mistakes
 */
export function parse<Shape extends z.ZodType>(shape: Shape, value: unknown): z.output<Shape> {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  );
  throw new HttpError(400, problems.join('; '));
}

/** Address of the client. */
export function clientOf({ raw }: FastifyRequest): string {
  return clientAddress(raw.socket.remoteAddress, raw.headers);
}

/** Whole numbers in addresses. */
export function integer(least: number, most: number) {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().min(least).max(most));
}

/** True for `1`, for `true`, and for a name without a value. */
export const flag = z.enum(['', '1', 'true', '0', 'false']).transform((text) => text !== '0' && text !== 'false');

/** Answers with JSON, or with 304 if the client has it already. */
export function sendJson(request: FastifyRequest, reply: FastifyReply, value: unknown, status = 200): FastifyReply {
  return sendJsonText(request, reply, JSON.stringify(value), status);
}

/** The same for a value that is JSON already. */
export function sendJsonText(request: FastifyRequest, reply: FastifyReply, text: string, status = 200): FastifyReply {
  const etag = `W/"${createHash('sha1').update(text).digest('base64url')}"`;
  reply.header('etag', etag).type('application/json; charset=utf-8');
  if (status === 200 && hasIt(request, etag)) return reply.code(304).send();
  return reply.code(status).send(text);
}

/** Whether `If-None-Match` names the same content. */
export function hasIt({ headers }: FastifyRequest, etag: string): boolean {
  const bare = (tag: string): string => tag.trim().replace(/^W\//, '');
  return (headers['if-none-match'] ?? '').split(',').some((tag) => bare(tag) === bare(etag));
}
