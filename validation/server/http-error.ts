import { NoSuchFileError } from '../files/open-inside.ts';
import { SearchError } from '../logs/log-search.ts';

/** An answer other than what was asked for; the message is for the one who asked. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
  }
}

/** 499 is what nginx logs for a client that has gone. */
const SEARCH_STATUS: Record<SearchError['why'], number> = {
  'not an expression': 400,
  'too slow': 422,
  busy: 503,
  'given up': 499,
};

/** The answer that an error stands for; undefined for a fault of ours. */
export function asHttpError(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof NoSuchFileError) return new HttpError(404, error.message);
  if (error instanceof SearchError) return new HttpError(SEARCH_STATUS[error.why], error.message);
  return undefined;
}
