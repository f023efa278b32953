import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PASSING, REFUSED, reconnectDelay } from '../../../framework/mesos/reconnect.ts';

it('waits at first half a second at most, then twice as long each time, up to the limit', () => {
  const longest = Array.from({ length: 9 }, (_, failures) => Math.round(reconnectDelay(PASSING, failures, 0.999999)));
  expect(longest).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  expect(reconnectDelay(REFUSED, 0, 0)).toBe(15_000);
  expect(reconnectDelay(REFUSED, 100, 0.999999)).toBeCloseTo(300_000, 0);
});

it('leaves between half of the step and all of it to chance, whatever the number of failures', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.constantFrom(PASSING, REFUSED), fc.nat(), random, (policy, failures, chance) => {
      const delay = reconnectDelay(policy, failures, chance);
      expect(delay).toBeGreaterThanOrEqual(policy.firstMs / 2);
      expect(delay).toBeLessThanOrEqual(policy.maxMs);
      expect(delay).toBeGreaterThanOrEqual(reconnectDelay(policy, failures, 0));
      expect(delay).toBeLessThan(2 * reconnectDelay(policy, failures, 0) + 1e-6);
    }),
  );
});
