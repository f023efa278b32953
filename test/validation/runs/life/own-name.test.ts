import { expect, it } from 'vitest';
import { unknownName } from '../../../../validation/runs/life/own-name.ts';

it('a name of this machine that has no address is told, with the option that helps', async () => {
  expect(await unknownName('localhost')).toBeUndefined();
  // Reserved: it never has an address.
  expect(await unknownName('node7.invalid')).toMatch(/^the name of this machine, node7\.invalid, .*--log-address/);
});
