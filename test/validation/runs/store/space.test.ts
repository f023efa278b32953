import { expect, it } from 'vitest';
import { asSpaceError } from '../../../../validation/runs/store/space.ts';

it('the error of a full disk says so, also as the cause of another error', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const words = 'the disk of /runs/r is full (';
  expect(asSpaceError(full, '/runs/r').message).toContain(words);
  expect(asSpaceError(new Error('the journal cannot be written', { cause: full }), '/runs/r').message).toContain(words);
  const files = Object.assign(new Error("EMFILE: too many open files, open '/runs/r/a'"), { code: 'EMFILE' });
  expect(asSpaceError(files, '/runs/r').message).toBe(
    "relval may not open more files at once (EMFILE: too many open files, open '/runs/r/a'): raise the limit with ulimit -n",
  );
  const other = new Error('something else');
  expect(asSpaceError(other, '/runs/r')).toBe(other);
});
