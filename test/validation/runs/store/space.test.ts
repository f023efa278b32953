import { expect, it } from 'vitest';
import { openFileLimit } from '../../../../framework/tools/open-files.ts';
import { asSpaceError } from '../../../../validation/runs/store/space.ts';

it('the error of a full disk says so, also as the cause of another error', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const words = 'the disk of /runs/r is full (';
  expect(asSpaceError(full, '/runs/r').message).toContain(words);
  expect(asSpaceError(new Error('the journal cannot be written', { cause: full }), '/runs/r').message).toContain(words);
  const files = Object.assign(new Error("EMFILE: too many open files, open '/runs/r/a'"), { code: 'EMFILE' });
  const advice = `relval has as many files open as it may have, ${openFileLimit()} (EMFILE: too many open files, open '/runs/r/a'). Raise the limit: ulimit -n`;
  expect(asSpaceError(files, '/runs/r').message).toBe(advice);
  const deep = new Error('no lock', { cause: new Error('no flock', { cause: files }) });
  expect(asSpaceError(deep, '/runs/r').message).toBe(advice);
  const other = new Error('something else');
  expect(asSpaceError(other, '/runs/r')).toBe(other);
});
