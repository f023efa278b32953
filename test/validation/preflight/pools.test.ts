import { describe, expect, it } from 'vitest';
import { checkPools } from '../../../validation/preflight/pools.ts';

const known = (...pools: { name: string; image?: string }[]) => ({
  url: 'http://f',
  reachable: true,
  state: { pools },
});
const down = { url: 'http://g', reachable: false, error: 'connect ECONNREFUSED' };

describe('the image of a run on a cluster', () => {
  it('is had by a pool', () => {
    const check = checkPools('a:1', [known({ name: 'p', image: 'a:2' }, { name: 'q', image: 'a:1' }), down]);
    expect(check).toMatchObject({ state: 'ok', found: 'workers of pool q have it' });
  });

  it('fails when no pool has it, and says which there are', () => {
    const check = checkPools('a', [known({ name: 'p', image: 'a:1' }, { name: 'q', image: 'a:1' }, { name: 'r' })]);
    expect(check).toMatchObject({ state: 'failed', found: 'no pool has it. The pools have a:1, none' });
  });

  it.each([
    ['skipped', 'no framework is known', []],
    ['warning', 'one cannot be asked', [known({ name: 'p', image: 'a:2' }), down]],
    ['warning', 'one says something else', [{ url: 'http://f', reachable: true, state: 'hello' }]],
  ])('is %s when %s', (state, _when, frameworks) => {
    expect(checkPools('a:1', frameworks).state).toBe(state);
  });
});
