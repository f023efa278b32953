import { describe, expect, it } from 'vitest';
import { findChanges } from '../../../validation/checks/measures.ts';
import type { StepReport } from '../../../validation/report/model.ts';

function step(id: string, stage: string, seconds: number, change: Partial<StepReport> = {}): StepReport {
  const common = { id, stage, state: 'succeeded' as const, attempts: 1, logs: [], outputs: [] };
  return { ...common, start: 1000, end: 1000 + 1000 * seconds, ...change };
}

/** Reproducible numbers with a normal distribution. */
function noise(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (16_807 * state) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** A run of some stages, each with a number of steps, whose times vary by 8 %. */
function run(random: () => number, change: (id: string) => number = () => 1): StepReport[] {
  return Array.from({ length: 6 }, (_, stage) =>
    Array.from({ length: stage < 3 ? 1 : 40 }, (_, index) => {
      const id = `s${stage}.${index}`;
      const usual = 60 * (stage + 1) * (1 + (index % 7) / 10);
      return step(id, `s${stage}`, usual * (1 + 0.08 * random()) * change(id));
    }),
  ).flat();
}

const names = (changes: ReturnType<typeof findChanges>) =>
  changes.map(({ stage, step: id, quantity, direction }) => `${id ?? `stage ${stage}`} ${quantity} ${direction}`);

describe('findChanges', () => {
  it('finds nothing in noise, however many steps there are', () => {
    const random = noise(7);
    let found = 0;
    for (let i = 0; i < 20; i++) {
      const earlier = Array.from({ length: 1 + (i % 8) }, () => run(random));
      found += findChanges(run(random), earlier).length;
    }
    // 20 runs of 123 steps: less than one in a thousand of 2460 comparisons is a false alarm.
    expect(found).toBeLessThan(3);
  });

  it('finds a stage and a step that are slower by half, and one that is twice as fast', () => {
    const random = noise(11);
    const factor: Record<string, number> = { 's1.0': 1.5, 's4.17': 1.75, 's2.0': 0.5 };
    const earlier = Array.from({ length: 8 }, () => run(random));
    const changes = findChanges(
      run(random, (id) => factor[id] ?? 1),
      earlier,
    );
    expect(names(changes)).toEqual(['s1.0 duration more', 's2.0 duration less', 's4.17 duration more']);
    const [slower] = changes;
    expect(slower?.runs).toBe(8);
    expect((slower?.value ?? 0) / (slower?.usual ?? 1)).toBeGreaterThan(1.3);
    expect(slower?.spread).toBeLessThan((slower?.value ?? 0) - (slower?.usual ?? 0));
  });

  it.each([3, 5, 7, 10])('reports few unchanged stages, and most that are slower by half, from %i runs', (count) => {
    const random = noise(19);
    const stages = (spread: number, factor = 1): StepReport[] =>
      Array.from({ length: 10 }, (_, n) => step(`s${n}`, `s${n}`, 600 * (1 + spread * random()) * factor));
    const share = (spread: number, factor: number): number => {
      let found = 0;
      for (let i = 0; i < 100; i++) {
        const earlier = Array.from({ length: count }, () => stages(spread));
        found += findChanges(stages(spread, factor), earlier).length;
      }
      return found / 1000;
    };
    for (const spread of [0.05, 0.1, 0.2]) expect(share(spread, 1)).toBeLessThan(0.03);
    expect(share(0.05, 1.5)).toBeGreaterThan(count === 3 ? 0.65 : 0.97);
    expect(share(0.1, 1.5)).toBeGreaterThan(count === 3 ? 0.2 : 0.6);
  });

  it('finds a change although one of several earlier runs was an outlier', () => {
    const one = (seconds: number) => [step('a', 'a', seconds)];
    const usual = [100, 104, 97, 101, 99, 103];
    expect(names(findChanges(one(150), [...usual, 200].map(one)))).toEqual(['a duration more']);
  });

  it('reports a change of a whole stage once, not for each of its steps', () => {
    const random = noise(13);
    const earlier = Array.from({ length: 5 }, () => run(random));
    const changes = findChanges(
      run(random, (id) => (id.startsWith('s5.') ? 1.6 : 1)),
      earlier,
    );
    expect(names(changes)).toEqual(['stage s5 duration more']);
  });

  it('reports nothing with fewer than three runs, except for the difference of two', () => {
    const one = (seconds: number) => [step('a', 'a', seconds)];
    expect(findChanges(one(99), [one(10)])).toEqual([]);
    expect(findChanges(one(99), [one(10), one(10)])).toEqual([]);
    expect(names(findChanges(one(99), [one(10), one(10), one(10)]))).toEqual(['a duration more']);
    expect(names(findChanges(one(15), [one(10)], 1))).toEqual(['a duration more']);
    expect(findChanges(one(13), [one(10)], 1)).toEqual([]);
    // A new step has its own number of runs.
    expect(findChanges(one(99), [one(10), one(10), [step('b', 'b', 1)]])).toEqual([]);
  });

  it('allows for quantities that vary much, and for small ones', () => {
    const one = (seconds: number) => [step('a', 'a', seconds)];
    const told = (earlier: number[], seconds: number) => names(findChanges(one(seconds), earlier.map(one)));
    expect(told([4, 20, 9, 14, 10], 15)).toEqual([]);
    expect(told([0.1, 0.1, 0.1], 1)).toEqual([]);
    expect(told([2, 2, 2], 2.9)).toEqual([]);
    expect(told([100, 100, 100], 119)).toEqual([]);
    expect(told([100, 100, 100], 121)).toEqual(['a duration more']);
    // With fewer runs, their agreement says less.
    expect(told([10, 10.5, 11], 14)).toEqual([]);
    expect(told([10, 10.5, 11, 10.2, 10.4, 10.8, 10.1, 10.6, 10.3, 10.7], 14)).toEqual(['a duration more']);
  });

  it('is quiet on a machine whose load comes and goes, after a few runs', () => {
    const random = noise(17);
    // Other load on the machine slows down a whole run, and each step by a different amount.
    const loaded = (): StepReport[] => {
      const load = 1 + 0.5 * Math.abs(random());
      return Array.from({ length: 9 }, (_, n) => step(`s${n}`, `s${n}`, (1 + n) * load * (1 + 0.1 * random())));
    };
    const found = Array.from({ length: 100 }, () => {
      const earlier = Array.from({ length: 4 }, loaded);
      return findChanges(loaded(), earlier).length;
    });
    expect(found.reduce((sum, n) => sum + n, 0) / found.length).toBeLessThan(0.5);
    expect(found.filter((n) => n === 0).length).toBeGreaterThan(80);
  });

  it('compares CPU time, memory and outputs too, but not steps that failed or are new', () => {
    const before = step('a', 'a', 10, { cpuTime: 10, peakMemory: 1e9, outputBytes: 1e6 });
    const after = { cpuTime: 20, peakMemory: 2e9, outputBytes: 1e5 };
    expect(names(findChanges([step('a', 'a', 10, after)], [[before], [before], [before]]))).toEqual([
      'a cpuTime more',
      'a peakMemory more',
      'a outputBytes less',
    ]);
    expect(findChanges([step('a', 'a', 99, { ...after, state: 'failed' })], [[before]])).toEqual([]);
    expect(findChanges([step('b', 'b', 99)], [[before]])).toEqual([]);
    expect(findChanges([step('a', 'a', 99)], [])).toEqual([]);
    expect(findChanges([step('a', 'a', 99)], [[{ ...before, state: 'failed' }]])).toEqual([]);
  });

  it('names an output that got smaller, even if the sum of outputs hides it', () => {
    const outputs = (qa: number, log = 5000) => ({
      outputs: [
        { name: 'qa.root', size: qa },
        { name: 'esd.root', size: 9_000_000 },
        { name: 'rec.log', size: log },
      ],
    });
    const earlier = [900_000, 910_000, 890_000].map((size) => [step('rec', 'rec', 1, outputs(size))]);
    const changes = findChanges([step('rec', 'rec', 1, outputs(9000, 10))], earlier);
    expect(changes).toMatchObject([
      { step: 'rec', output: 'qa.root', quantity: 'outputBytes', value: 9000, usual: 900_000, direction: 'less' },
    ]);
    expect(findChanges([step('rec', 'rec', 1, outputs(905_000))], earlier)).toEqual([]);
    expect(findChanges([step('rec', 'rec', 1, outputs(9_000_000))], earlier)).toMatchObject([{ direction: 'more' }]);
  });
});
