import { expect, it } from 'vitest';
import { asSpaceError } from '../../../../validation/runs/store/space.ts';

it('an error of a full disk says so, also where another error tells of it', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const words = 'the disk of /runs/r is full (';
  expect(asSpaceError(full, '/runs/r').message).toContain(words);
  expect(asSpaceError(new Error('the journal cannot be written', { cause: full }), '/runs/r').message).toContain(words);
  const other = new Error('something else');
  expect(asSpaceError(other, '/runs/r')).toBe(other);
});
