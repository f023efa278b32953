import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { trendCsv } from '../history/csv.ts';
import { chosenNights, dateOf } from '../history/nights.ts';
import { trendOf } from '../history/trend.ts';
import { InputError } from '../input/input-error.ts';
import type { Workflows } from './api.ts';
import { type Context, integer, parse, sendJson } from './context.ts';
import { HttpError } from './http-error.ts';

const last = integer(1, 365).default(30);
const namesQuery = z.object({ last });
const query = z.object({
  last,
  since: z.string().max(40).optional(),
  release: z.string().max(200).optional(),
  format: z.enum(['json', 'csv']).default('json'),
});

/** The routes of the history. `validation/history` decides what it contains. */
export function addHistoryRoutes(app: FastifyInstance, { index, histories }: Context): void {
  app.get('/workflows', async (request, reply) => {
    const { last } = parse(namesQuery, request.query);
    return sendJson(request, reply, { workflows: await histories.names(index.all(), last) } satisfies Workflows);
  });

  app.get<{ Params: { name: string } }>('/workflows/:name/history', async (request, reply) => {
    const { last, since, release, format } = parse(query, request.query);
    const filter = { since: since === undefined ? undefined : timeOf(since), release };
    const { name } = request.params;
    const all = await histories.nights(name, index.all());
    if (!all) throw new HttpError(404, `no run of ${name} has ended`);
    const trend = trendOf(name, chosenNights(all, filter), last);
    if (format === 'json') return sendJson(request, reply, trend);
    return reply.type('text/csv; charset=utf-8').send(trendCsv(trend));
  });
}

/** @throws HttpError 400 */
function timeOf(text: string): number {
  try {
    return dateOf(text, 'since');
  } catch (error) {
    if (error instanceof InputError) throw new HttpError(400, error.message);
    throw error;
  }
}
