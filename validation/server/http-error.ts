import { NoSuchFileError, TooLargeError } from '../files/open-inside.ts';

/** An answer other than what was asked for; the message is for the one who asked. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
  }
}

/** The answer that an error stands for; undefined for a fault of ours. */
export function asHttpError(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof NoSuchFileError) return new HttpError(404, error.message);
  if (error instanceof TooLargeError) return new HttpError(422, error.message);
  return undefined;
}
