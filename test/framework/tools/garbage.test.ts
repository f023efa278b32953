import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { collectGarbage } from '../../../framework/tools/garbage.ts';

describe('collectGarbage', () => {
  it('frees what nothing refers to', async () => {
    const kept = { large: Array(1000).fill(1) };
    const refs = [new WeakRef(kept), new WeakRef({ large: Array(1000).fill(1) })];
    // A WeakRef holds its object until the present turn of the event loop has ended.
    await sleep(0);
    collectGarbage();
    expect(refs.map((ref) => ref.deref())).toEqual([kept, undefined]);
  });

  it('leaves no function behind', () => {
    collectGarbage();
    expect(globalThis).not.toHaveProperty('gc');
  });
});
