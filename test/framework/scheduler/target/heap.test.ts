import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Heap } from '../../../../framework/scheduler/target/heap.ts';

it('gives back in order whatever was put in, also between takings', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), fc.array(fc.integer()), (first, more) => {
      const heap = new Heap<number>((a, b) => a < b, first);
      const taken: number[] = [];
      for (const item of more) {
        heap.push(item);
        taken.push(heap.pop() as number);
        expect(taken.at(-1)).toBeLessThanOrEqual(item);
      }
      for (let item = heap.pop(); item !== undefined; item = heap.pop()) {
        if (taken.length > more.length) expect(item).toBeGreaterThanOrEqual(taken.at(-1) as number);
        taken.push(item);
      }
      expect(taken.sort((a, b) => a - b)).toEqual([...first, ...more].sort((a, b) => a - b));
    }),
  );
});
