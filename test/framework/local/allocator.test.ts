import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Claim, divide, type Filter, refusalEnd } from '../../../framework/local/allocator.ts';
import { add, contains, scalar as sum, unallocate } from '../../../framework/local/resources.ts';
import type { Resource } from '../../../framework/mesos/messages.ts';

const scalar = (name: string, value: number, role?: string): Resource => ({
  name,
  type: 'SCALAR',
  scalar: { value },
  ...(role ? { reservations: [{ type: 'STATIC', role }] } : {}),
});
const agent = (id: string, resources: Resource[]) => ({ id, free: resources, total: resources });
const claim = (frameworkId: string, role = '*', share = 0, filters: Filter[] = []): Claim => ({
  frameworkId,
  role,
  share,
  seesGpus: false,
  filters,
});
const MACHINE = [scalar('cpus', 4), scalar('mem', 1024)];

describe('divide', () => {
  it('gives an agent to the claim that has least, and the next agent to the next', () => {
    const grants = divide([agent('A', MACHINE), agent('B', MACHINE)], [claim('rich', '*', 0.1), claim('poor')], 0);
    expect(grants.map(({ agentId, frameworkId }) => [agentId, frameworkId])).toEqual([
      ['A', 'poor'],
      ['B', 'rich'],
    ]);
    expect(grants[0]?.resources[0]?.allocation_info).toEqual({ role: '*' });
  });

  it('hides agents with GPUs from frameworks that do not declare that they use them', () => {
    const agents = [agent('G', [...MACHINE, scalar('gpus', 1)])];
    expect(divide(agents, [claim('plain')], 0)).toEqual([]);
    expect(divide(agents, [{ ...claim('gpu'), seesGpus: true }], 0)).toHaveLength(1);
  });

  it('gives reservations to their role and to its children only', () => {
    const resources = [...MACHINE, scalar('cpus', 2, 'analysis')];
    const cpus = (role: string) => {
      const [grant] = divide([agent('A', resources)], [claim('f', role)], 0);
      return sum(grant?.resources ?? [], 'cpus');
    };
    expect([cpus('analysis'), cpus('analysis/batch'), cpus('analysis-2'), cpus('*')]).toEqual([6, 6, 4, 4]);
  });

  it('offers reserved resources even if another role got the rest', () => {
    const resources = [...MACHINE, scalar('cpus', 2, 'analysis')];
    const grants = divide([agent('A', resources)], [claim('f', '*'), claim('f', 'analysis', 0.5)], 0);
    expect(grants.map(({ role, resources: given }) => [role, sum(given, 'cpus')])).toEqual([
      ['*', 4],
      ['analysis', 2],
    ]);
  });

  it('offers no crumbs', () => {
    expect(
      divide([agent('A', [scalar('cpus', 0.001), scalar('mem', 16), scalar('disk', 9000)])], [claim('f')], 0),
    ).toEqual([]);
  });

  it('respects a filter until its end, and only for resources within the refused ones', () => {
    const filter = { agentId: 'A', role: '*', resources: MACHINE, expiresAt: 100 };
    const refusing = claim('f', '*', 0, [filter]);
    expect(divide([agent('A', MACHINE)], [refusing], 99)).toEqual([]);
    expect(divide([agent('A', [scalar('cpus', 2), scalar('mem', 1024)])], [refusing], 99)).toEqual([]);
    expect(divide([agent('A', [scalar('cpus', 5), scalar('mem', 1024)])], [refusing], 99)).toHaveLength(1);
    expect(divide([agent('A', MACHINE)], [refusing], 100)).toHaveLength(1);
    expect(divide([agent('B', MACHINE)], [refusing], 99)).toHaveLength(1);
    expect(divide([agent('A', MACHINE)], [refusing, claim('other')], 99)[0]?.frameworkId).toBe('other');
  });

  it('never gives more than there is, and never one thing twice', () => {
    const agents = fc.array(fc.tuple(fc.nat(8000), fc.nat(8000), fc.nat(4000)), { minLength: 1, maxLength: 4 });
    const claims = fc.array(
      fc.tuple(fc.constantFrom('*', 'a', 'a/b', 'c'), fc.double({ min: 0, max: 1, noNaN: true })),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(agents, claims, (machines, wanted) => {
        const offered = machines.map(([cpus, memory, reserved], index) =>
          agent(
            `${index}`,
            add([scalar('cpus', cpus / 1000), scalar('mem', memory), scalar('cpus', reserved / 1000, 'a')]),
          ),
        );
        const grants = divide(
          offered,
          wanted.map(([role, share], index) => claim(`f${index}`, role, share)),
          0,
        );
        return offered.every(({ id, free }) => {
          const given = grants.filter((grant) => grant.agentId === id).flatMap((grant) => unallocate(grant.resources));
          return contains(free, given);
        });
      }),
    );
  });
});

describe('refusalEnd', () => {
  it.each([
    ['nothing said', undefined, 5000],
    ['zero', 0, undefined],
    ['less than an allocation interval', 0.5, 1000],
    ['seconds', 30, 30_000],
    ['a negative number', -1, 5000],
    ['more than a year', 1e12, 365 * 24 * 3600 * 1000],
  ])('%s', (_, seconds, end) => {
    expect(refusalEnd(seconds, 0, 1000)).toBe(end);
  });
});
