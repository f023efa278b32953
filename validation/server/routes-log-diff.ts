import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ComparedLog, LogDiff } from '../log-diff/answer.ts';
import type { Progress } from '../log-diff/compare-logs.ts';
import { counterpart } from '../log-diff/counterpart.ts';
import { openLog } from '../logs/open-log.ts';
import { goodBefore } from '../runs/judging/reference.ts';
import { type Context, clientOf, flag, integer, parse, sendJson } from './context.ts';
import { HttpError } from './http-error.ts';
import { findLog, logQuery } from './routes-log.ts';
import type { IndexedRun } from './run-index.ts';
import { attemptsOf } from './step-files.ts';
import { whenGone } from './turns.ts';

/** The number of runs that are searched for a good run with a certain step. */
const GOOD_RUNS = 20;

const diffQuery = logQuery.extend({
  /** Id of a run; absent: the last good run before this one. */
  reference: z.string().max(200).optional(),
  referenceAttempt: integer(1, 1e6).optional(),
  exact: flag.default(false),
  after: z
    .string()
    .regex(/^\d{1,15},\d{1,15},\d{1,15},\d{1,15}$/, 'expected what an answer had as `next`')
    .transform((text): Progress => {
      const [lineA = 0, offsetA = 0, lineB = 0, offsetB = 0] = text.split(',').map(Number);
      return { a: { line: lineA, offset: offsetA }, b: { line: lineB, offset: offsetB } };
    })
    .optional(),
});

export function addLogDiffRoute(app: FastifyInstance, context: Context): void {
  app.get<{ Params: { id: string; step: string } }>('/runs/:id/steps/:step/log-diff', async (request, reply) => {
    const { id, step } = request.params;
    const { reference, referenceAttempt, exact, after, ...wanted } = parse(diffQuery, request.query);
    const own = await findLog(context, request.params, wanted);
    const other = await referenceOf(context, id, step, reference, referenceAttempt);
    const asked = { attempt: other.attempt, stream: wanted.stream };
    const place = await findLog(context, { id: other.run, step: other.step }, asked);
    const hosts = await Promise.all([
      hostOf(context, { run: id, step, attempt: own.attempt }),
      hostOf(context, { ...other, attempt: place.attempt }),
    ]);
    const b = await openLog(own);
    try {
      const a = await openLog(place).catch(() => {
        throw new HttpError(
          404,
          `${other.step} of ${other.run} has no log ${wanted.stream} in attempt ${place.attempt}`,
        );
      });
      try {
        const job = { a, b, from: after, exact, hosts: hosts.filter((host) => host !== undefined) };
        const { parts, next } = await context.logDiffs.compare(
          clientOf(request),
          job,
          whenGone(request.raw, reply.raw),
        );
        return sendJson(request, reply, {
          reference: { ...other, attempt: place.attempt },
          log: { run: id, step, attempt: own.attempt },
          parts,
          ...(next && { next: [next.a.line, next.a.offset, next.b.line, next.b.offset].join(',') }),
        } satisfies LogDiff);
      } finally {
        await a.close();
      }
    } finally {
      await b.close();
    }
  });
}

/** The step to compare with. @throws HttpError 404 if there is none */
async function referenceOf(
  context: Context,
  id: string,
  step: string,
  reference: string | undefined,
  attempt: number | undefined,
): Promise<Omit<ComparedLog, 'attempt'> & { attempt?: number }> {
  if (reference === undefined) {
    const good = await lastGoodWith(context, await context.run(id), step);
    if (!good) throw new HttpError(404, `no good run before ${id} has this step`);
    return good;
  }
  const other = reference === id ? step : await counterpartIn(context, id, step, reference);
  if (other === undefined) throw new HttpError(404, `run ${reference} has no step that matches ${step}`);
  return { run: reference, step: other, ...(attempt !== undefined && { attempt }) };
}

/** The matching step of another run. @throws HttpError 404 if there is no such run */
async function counterpartIn(context: Context, id: string, step: string, other: string): Promise<string | undefined> {
  const [own, others] = await Promise.all(
    [id, other].map(async (one) => {
      const { view } = await context.progress.of((await context.run(one)).root);
      return [...view.steps.values()];
    }),
  );
  return counterpart(own ?? [], step, others ?? []);
}

/**
 * The newest good run that has logs of the step. If there is none, the matching step of the newest good run.
 */
export async function lastGoodWith(context: Context, run: IndexedRun, step: string): Promise<ComparedLog | undefined> {
  const good = goodBefore(context.index.all(), run.record).slice(0, GOOD_RUNS);
  for (const { id, root } of good) {
    const attempt = (await attemptsOf(root, step)).at(-1);
    if (attempt !== undefined) return { run: id, step, attempt };
  }
  const [newest] = good;
  const other = newest && (await counterpartIn(context, run.id, step, newest.id));
  const attempt = other === undefined ? undefined : (await attemptsOf(newest?.root ?? '', other)).at(-1);
  return newest && other !== undefined && attempt !== undefined ? { run: newest.id, step: other, attempt } : undefined;
}

async function hostOf(context: Context, { run, step, attempt }: ComparedLog): Promise<string | undefined> {
  const { root } = await context.run(run);
  return (await context.progress.of(root)).attempts.get(step)?.get(attempt)?.host;
}
