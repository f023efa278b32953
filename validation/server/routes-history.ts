import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { dateOf } from '../history/nights.ts';
import { InputError } from '../input/input-error.ts';
import { type Context, clientOf, integer, parse, sendJsonText } from './context.ts';
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
    const text = await histories.answer(clientOf(request), index.all(), { shown: last });
    return sendJsonText(request, reply, text);
  });

  app.get<{ Params: { name: string } }>('/workflows/:name/history', async (request, reply) => {
    const { last, since, release, format } = parse(query, request.query);
    const filter = { since: since === undefined ? undefined : timeOf(since), release };
    const { name } = request.params;
    const text = await histories.answer(clientOf(request), index.all(), { name, filter, last, format });
    if (format === 'json') return sendJsonText(request, reply, text);
    return reply.type('text/csv; charset=utf-8').send(text);
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
