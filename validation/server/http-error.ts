import { NoSuchFileError, TooLargeError } from '../files/open-inside.ts';

/** An error answer. The message is for the client. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
  }
}

/** The answer for an error; undefined for an internal error. */
export function asHttpError(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof NoSuchFileError) return new HttpError(404, error.message);
  if (error instanceof TooLargeError) return new HttpError(422, error.message);
  const { code = '' } = error as NodeJS.ErrnoException;
  // A thread that cannot be started for this reason has the same code.
  if (code === 'EMFILE' || code === 'ENFILE')
    return new HttpError(503, 'the server has too many files open: try again later');
  return undefined;
}
