import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Finding, Report } from '../report/model.ts';
import { sinceIn } from '../report/since.ts';
import { isLive } from '../runs/store/record.ts';
import { earlierTimings, expectedEnd } from '../runs/store/timing.ts';
import type { CriticalPath, History, RunPage, StepDetail } from './api.ts';
import { type Context, clientOf, flag, integer, parse, sendJson } from './context.ts';
import { diffOf } from './diff.ts';
import { GRAPH_POLICY } from './headers.ts';
import { HttpError } from './http-error.ts';
import { lastGoodWith } from './routes-log-diff.ts';
import type { IndexedRun } from './run-index.ts';
import { attemptsOf, logsOfAttempt } from './step-files.ts';
import { describeRun, stepPage, stepSummary, timelineOf } from './summaries.ts';
import { whenGone } from './turns.ts';

const text = z.string().max(200);

const runsQuery = z.object({
  limit: integer(1, 1000).default(100),
  before: text.optional(),
  workflow: text.optional(),
  /** One status, or several separated by commas. */
  status: text.optional(),
  search: text.optional(),
});
const stepsQuery = z.object({
  stage: text.optional(),
  state: text.optional(),
  search: text.optional(),
  offset: integer(0, 1e9).default(0),
  limit: integer(1, 20_000).default(500),
});
const historyQuery = z.object({ workflow: text.optional(), limit: integer(1, 365).default(30) });
const diffQuery = z.object({ a: text, b: text });
const graphQuery = z.object({
  collapse: z.enum(['auto', 'stages', 'none']).default('auto'),
  /** Names of stages, separated by commas. */
  open: text.default(''),
  /** For a wide page: drawn to the right, where that suits the graph. */
  wide: flag.default(false),
  /** Without name and states above the drawing. */
  bare: flag.default(false),
});

type OfRun = { Params: { id: string } };
type OfStep = { Params: { id: string; step: string } };

/** The largest number of unreadable runs in an answer. */
const MOST_UNREADABLE = 50;

export function addRunRoutes(app: FastifyInstance, context: Context): void {
  const { index } = context;

  app.get('/runs', async (request, reply) => {
    const { limit, before, ...filter } = parse(runsQuery, request.query);
    const fitting = index.all().filter(filterOf(filter));
    const from = before === undefined ? 0 : fitting.findIndex((run) => isBehind(run, before));
    const page = from < 0 ? [] : fitting.slice(from, from + limit);
    const runs = await index.refresh(page);
    const last = page.at(-1);
    const unreadable = index.unreadable().slice(0, MOST_UNREADABLE);
    const more = from >= 0 && from + limit < fitting.length;
    return sendJson(request, reply, {
      runs: await inTurn(runs, (run) => context.summary(run)),
      total: fitting.length,
      ...(before === undefined && unreadable.length > 0 && { unreadable }),
      ...(more && last && { next: cursorOf(last) }),
    } satisfies RunPage);
  });

  app.get<OfRun>('/runs/:id', async (request, reply) => {
    const run = await context.run(request.params.id);
    const [source, counts] = await Promise.all([context.source(run), context.reports.counts(run.root)]);
    const { record } = run;
    const earlier = isLive(run.status)
      ? earlierTimings(
          context.index.all().map((one) => one.record),
          record,
        )
      : [];
    const expected = expectedEnd(source.progress.view, record.created, earlier, Date.now());
    return sendJson(request, reply, describeRun(run, counts, source, expected));
  });

  app.get<OfRun>('/runs/:id/steps', async (request, reply) => {
    const { stage, state, search, offset, limit } = parse(stepsQuery, request.query);
    const filter = { stage, states: state?.split(','), search: search?.toLowerCase() };
    const source = await context.source(await context.run(request.params.id));
    return sendJson(request, reply, stepPage(source, filter, offset, limit));
  });

  app.get<OfStep>('/runs/:id/steps/:step', async (request, reply) => {
    const { id, step } = request.params;
    const { run, progress } = await context.step(id, step);
    const report = await context.reports.read(run.root);
    const times = progress.attempts.get(step);
    const numbers = new Set([...(await attemptsOf(run.root, step)), ...(times?.keys() ?? [])]);
    const attempts = [...numbers]
      .sort((a, b) => a - b)
      .map(async (number) => {
        const { started, ended, host, message, exitStatus, signal } = times?.get(number) ?? {};
        return {
          number,
          ...(started !== undefined && { start: started }),
          ...(ended !== undefined && { end: ended }),
          ...(host !== undefined && { host }),
          ...(message !== undefined && { message }),
          ...(exitStatus !== undefined && { exitStatus }),
          ...(signal !== undefined && { signal }),
          logs: await logsOfAttempt(run.root, step, number),
        };
      });
    const lastGood = await lastGoodWith(context, run, step);
    const findings = report?.findings.filter((finding) => finding.step === step) ?? [];
    const contacts = contactsOf(report, findings);
    return sendJson(request, reply, {
      ...stepSummary(step, { progress, report, live: isLive(run.status) }),
      attempts: await Promise.all(attempts),
      findings,
      ...(contacts && { contacts }),
      ...sinceOf(report, findings),
      ...(report?.reference && { reference: report.reference.run }),
      ...(lastGood && { lastGood }),
    } satisfies StepDetail);
  });

  app.get<OfRun>('/runs/:id/graph.svg', async (request, reply) => {
    const { collapse, open, ...place } = parse(graphQuery, request.query);
    const run = await context.run(request.params.id);
    const source = await context.source(run);
    const how = {
      collapse,
      place,
      open: open
        .split(',')
        .filter((name) => name !== '')
        .sort(),
    };
    const svg = await context.graphs.svg(clientOf(request), run, source, how);
    return reply.header('content-security-policy', GRAPH_POLICY).type('image/svg+xml').send(svg);
  });

  app.get<OfRun>('/runs/:id/timeline', async (request, reply) => {
    const run = await context.run(request.params.id);
    return sendJson(request, reply, timelineOf(run, await context.source(run), Date.now()));
  });

  app.get<OfRun>('/runs/:id/critical-path', async (request, reply) => {
    const run = await context.run(request.params.id);
    const progress = await context.progress.of(run.root);
    const gone = whenGone(request.raw, reply.raw);
    const steps = await context.graphs.criticalPath(clientOf(request), run, progress, gone);
    return sendJson(request, reply, { steps } satisfies CriticalPath);
  });

  app.get('/history', async (request, reply) => {
    const { workflow, limit } = parse(historyQuery, request.query);
    const runs = index.all().filter(({ record }) => workflow === undefined || record.workflow === workflow);
    const groups = [...groupRuns(runs)].map(async (group) => ({
      workflow: (group[0] as IndexedRun).record.workflow,
      name: (group[0] as IndexedRun).record.name,
      runs: (await inTurn(group.slice(0, limit), (run) => context.summary(run))).map(
        ({ id, status, created, ended, newErrors }) => ({
          id,
          status,
          created,
          ...(ended !== undefined && { ended }),
          ...(newErrors !== undefined && { newErrors }),
        }),
      ),
    }));
    return sendJson(request, reply, { workflows: await Promise.all(groups) } satisfies History);
  });

  app.get('/diff', async (request, reply) => {
    const { a, b } = parse(diffQuery, request.query);
    if (a === b) throw new HttpError(400, 'a and b are the same run');
    const sides = await Promise.all(
      [a, b].map(async (id) => {
        const run = await context.run(id);
        return { summary: await context.summary(run), ...(await context.source(run)) };
      }),
    );
    return sendJson(request, reply, diffOf(sides[0] as (typeof sides)[0], sides[1] as (typeof sides)[0]));
  });
}

function filterOf({ workflow, status, search }: Omit<z.output<typeof runsQuery>, 'limit' | 'before'>) {
  const statuses = status?.split(',');
  const wanted = search?.toLowerCase();
  return ({ id, record, status: is }: IndexedRun): boolean =>
    (workflow === undefined || record.workflow === workflow) &&
    (statuses === undefined || statuses.includes(is)) &&
    (wanted === undefined ||
      [id, record.name, record.workflow, record.release, record.reason].some((part) =>
        part?.toLowerCase().includes(wanted),
      ));
}

/** A position in the list that stays valid when runs are added or removed. */
function cursorOf({ id, record }: IndexedRun): string {
  return `${record.created},${id}`;
}

function isBehind({ id, record }: IndexedRun, cursor: string): boolean {
  const [created = '', ...rest] = cursor.split(',');
  const time = Number(created);
  return record.created < time || (record.created === time && id < rest.join(','));
}

/** Groups of runs: the group with the newest run first, and in each group the newest run first. */
function groupRuns(runs: readonly IndexedRun[]): Iterable<IndexedRun[]> {
  const groups = new Map<string, IndexedRun[]>();
  for (const run of runs) {
    const key = JSON.stringify([run.record.workflow, run.record.name]);
    const group = groups.get(key);
    if (group) group.push(run);
    else groups.set(key, [run]);
  }
  return groups.values();
}

/** Calls a function for all items, a few at a time. The results are in the order of the items. */
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let n = 0; n < items.length; n += 16) done.push(...(await Promise.all(items.slice(n, n + 16).map(work))));
  return done;
}

/** The contacts of the components of some findings; undefined if there is no contact. */
function contactsOf(report: Report | undefined, findings: readonly Finding[]): StepDetail['contacts'] {
  const names = new Set(findings.map(({ component }) => component));
  const named = (report?.components ?? []).filter(({ name, contacts }) => names.has(name) && contacts.length > 0);
  return named.length > 0 ? Object.fromEntries(named.map(({ name, contacts }) => [name, contacts])) : undefined;
}

/** Since when some findings are there. */
function sinceOf(report: Report | undefined, findings: readonly Finding[]): Pick<StepDetail, 'findingsSince'> {
  const known = findings.flatMap((finding) => {
    const since = report && sinceIn(report, finding);
    return since ? [[finding.fingerprint, since.of] as const] : [];
  });
  return known.length > 0 ? { findingsSince: Object.fromEntries(known) } : {};
}
