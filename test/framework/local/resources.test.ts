import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { add, asHeld, asSeenBy, contains, describe as print, subtract } from '../../../framework/local/resources.ts';
import type { FrameworkInfo, Resource } from '../../../framework/mesos/messages.ts';

const scalar = (name: string, value: number, extra: Partial<Resource> = {}): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
  ...extra,
});
const ports = (...list: [number, number][]): Resource => ({
  name: 'ports',
  type: 'RANGES',
  ranges: { range: list.map(([begin, end]) => ({ begin: `${begin}`, end: `${end}` })) },
});

describe('resources', () => {
  it('of the same kind add up to three decimals, those of other kinds stay apart', () => {
    const reservations = [{ type: 'STATIC', role: 'analysis' }];
    expect(add([scalar('cpus', 0.1)], [scalar('cpus', 0.2), scalar('cpus', 1, { reservations })])).toEqual([
      scalar('cpus', 0.3),
      scalar('cpus', 1, { reservations }),
    ]);
  });

  it('know a reservation again whatever the order of its fields', () => {
    const held = scalar('cpus', 1, { reservations: [{ type: 'STATIC', role: 'analysis' }] });
    const decoded = scalar('cpus', 1, { reservations: [{ role: 'analysis', type: 'STATIC' }] });
    expect(subtract([held], [decoded])).toEqual([]);
  });

  it('cannot give more than they are', () => {
    expect(subtract([scalar('cpus', 1)], [scalar('cpus', 1.001)])).toBeUndefined();
    expect(subtract([scalar('cpus', 1)], [scalar('unobtainium', 1)])).toBeUndefined();
    expect(subtract([scalar('cpus', 1)], [scalar('cpus', 0.4), scalar('cpus', 0.7)])).toBeUndefined();
  });

  it('split and join ranges', () => {
    expect(subtract([ports([10, 20])], [ports([12, 13], [20, 20])])).toEqual([ports([10, 11], [14, 19])]);
    expect(add([ports([10, 11])], [ports([12, 15], [30, 31])])).toEqual([ports([10, 15], [30, 31])]);
    expect(contains([ports([10, 20])], [ports([9, 10])])).toBe(false);
  });

  it('come back complete after any taking and giving', () => {
    const amounts = fc.array(
      fc.record({ name: fc.constantFrom('cpus', 'mem'), value: fc.integer({ min: 1, max: 5000 }) }),
      { maxLength: 6 },
    );
    const total = [scalar('cpus', 10), scalar('mem', 12)];
    fc.assert(
      fc.property(amounts, (list) => {
        const taken = list.map(({ name, value }) => scalar(name, value / 1000));
        const left = subtract(total, taken);
        if (!left) return !contains(total, taken);
        const back = add(left, taken);
        return contains(back, total) && contains(total, back);
      }),
    );
  });

  it('are printed as Mesos prints them', () => {
    const reservations = [
      { type: 'STATIC', role: 'analysis' },
      {
        type: 'DYNAMIC',
        role: 'analysis/batch',
        principal: 'ops',
        labels: { labels: [{ key: 'why', value: 'test' }] },
      },
    ];
    const list = [scalar('cpus', 3.7, { allocation_info: { role: '*' }, reservations }), ports([31000, 31999], [5, 5])];
    expect(print(list)).toBe(
      'cpus(allocated: *)(reservations: [(STATIC,analysis),(DYNAMIC,analysis/batch,ops,{why: test})]):3.7; ports:[31000-31999, 5-5]',
    );
  });

  it('are shown to each framework in the fields that it knows, and understood in all of them', () => {
    const held = [
      scalar('cpus', 1, { allocation_info: { role: 'a' }, reservations: [{ type: 'STATIC', role: 'a' }] }),
      scalar('cpus', 2, { allocation_info: { role: 'a' } }),
    ];
    const having = (...types: string[]): FrameworkInfo => ({
      user: '',
      name: '',
      capabilities: types.map((type) => ({ type })),
    });
    expect(asSeenBy(having(), held)).toEqual([scalar('cpus', 1, { role: 'a' }), scalar('cpus', 2, { role: '*' })]);
    expect(asSeenBy(having('MULTI_ROLE', 'RESERVATION_REFINEMENT'), held)).toEqual(held);
    for (const info of [having(), having('MULTI_ROLE'), having('RESERVATION_REFINEMENT')]) {
      expect(asHeld(asSeenBy(info, held), 'a')).toEqual(held);
    }
  });
});
