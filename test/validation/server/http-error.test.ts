import { expect, it } from 'vitest';
import { asHttpError } from '../../../validation/server/http-error.ts';

it.each(['EMFILE', 'ENFILE'])('too many open files (%s) are no internal error, and pass', (code) => {
  expect(asHttpError(Object.assign(new Error('open /secret/path'), { code }))).toMatchObject({
    status: 503,
    message: 'the server has too many files open: try again later',
  });
  expect(asHttpError(new Error('something else'))).toBeUndefined();
});
