import { describe, expect, it } from 'vitest';
import type { Offer, Resource } from '../../../../framework/mesos/messages.ts';
import { FreeResources } from '../../../../framework/scheduler/offers/resources.ts';
import { offer, scalar } from '../fixtures.ts';

const shape = { cores: 1, memory: 1024, disk: 1024 };

function free(...resources: Resource[]): FreeResources {
  return new FreeResources([{ ...offer(), resources }]);
}

function amounts(resources: Resource[] | undefined): [string, number | undefined][] | undefined {
  return resources?.map(({ name, scalar }) => [name, scalar?.value]);
}

describe('FreeResources', () => {
  it('takes a worker out of an offer, in the form in which it was offered', () => {
    const allocation_info = { role: 'analysis' };
    const resources = free(
      scalar('cpus', 2, { allocation_info }),
      scalar('mem', 4096, { allocation_info }),
      scalar('disk', 9000, { allocation_info }),
    );
    expect(resources.take(shape, false)).toEqual([
      { name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, allocation_info },
      { name: 'mem', type: 'SCALAR', scalar: { value: 1024 }, allocation_info },
      { name: 'disk', type: 'SCALAR', scalar: { value: 1024 }, allocation_info },
    ]);
    expect(resources.largest(false)).toEqual({ cores: 1, memory: 3072, disk: 7976 });
  });

  it('takes nothing when one of them is too small', () => {
    const resources = free(scalar('cpus', 2), scalar('mem', 1000), scalar('disk', 9000));
    expect(resources.take(shape, false)).toBeUndefined();
    expect(resources.largest(false).cores).toBe(2);
  });

  it('adds up several offers of one agent', () => {
    const offers: Offer[] = [offer({ cores: 0.5 }), offer({ cores: 0.5, memory: 10, disk: 10 })];
    expect(amounts(new FreeResources(offers).take(shape, false))).toEqual([
      ['cpus', 0.5],
      ['cpus', 0.5],
      ['mem', 1024],
      ['disk', 1024],
    ]);
  });

  it('takes reserved resources first, the most refined before all', () => {
    const outer = { type: 'STATIC', role: 'analysis' };
    const inner = { type: 'DYNAMIC', role: 'analysis/batch', principal: 'p' };
    const resources = free(
      scalar('cpus', 1),
      scalar('cpus', 0.25, { reservations: [outer] }),
      scalar('cpus', 0.5, { reservations: [outer, inner] }),
      scalar('mem', 1024),
      scalar('disk', 1024),
    );
    expect(resources.take(shape, false)?.filter(({ name }) => name === 'cpus')).toEqual([
      scalar('cpus', 0.5, { reservations: [outer, inner] }),
      scalar('cpus', 0.25, { reservations: [outer] }),
      scalar('cpus', 0.25),
    ]);
  });

  it('knows a reservation in the form of masters without refinement', () => {
    const reservation = { principal: 'p' };
    const resources = free(
      scalar('cpus', 1, { role: '*' }),
      scalar('cpus', 1, { role: 'analysis', reservation }),
      scalar('mem', 1024),
      scalar('disk', 1024),
    );
    expect(resources.take(shape, false)?.[0]).toEqual(scalar('cpus', 1, { role: 'analysis', reservation }));
  });

  it.each<[string, Partial<Resource>]>([
    ['revocable', { revocable: {} }],
    ['shared', { shared: {} }],
    ['a disk of its own', { disk: { source: { type: 'MOUNT' } } }],
    ['a persistent volume', { disk: { persistence: { id: 'v' } } }],
  ])('leaves out what is %s', (_, more) => {
    const resources = free(scalar('cpus', 4), scalar('mem', 4096), scalar('disk', 9000, more), scalar('disk', 1000));
    expect(resources.largest(false)).toEqual({ cores: 4, memory: 4096, disk: 1000 });
    expect(resources.take(shape, false)).toBeUndefined();
  });

  it('takes GPUs only for a worker that has some', () => {
    const resources = free(scalar('cpus', 4), scalar('mem', 4096), scalar('disk', 9000), scalar('gpus', 2));
    expect(resources.take(shape, false)?.map(({ name }) => name)).toEqual(['cpus', 'mem', 'disk']);
    expect(resources.take({ ...shape, gpus: 2 }, false)).toContainEqual(scalar('gpus', 2));
    expect(resources.take({ ...shape, gpus: 1 }, false)).toBeUndefined();
  });

  it('leaves out what is no scalar', () => {
    const ports: Resource = { name: 'cpus', type: 'RANGES', ranges: { range: [{ begin: '1', end: '9' }] } };
    expect(free(ports).largest(false)).toEqual({ cores: 0, memory: 0, disk: 0 });
  });

  it('counts in thousandths, so that nothing is lost to floating point', () => {
    const resources = free(scalar('cpus', 0.3), scalar('mem', 30), scalar('disk', 30));
    const tenth = { cores: 0.1, memory: 10, disk: 10 };
    for (let taken = 0; taken < 3; taken++) expect(resources.take(tenth, false)?.[0]?.scalar?.value).toBe(0.1);
    expect(resources.largest(false)).toEqual({ cores: 0, memory: 0, disk: 0 });
  });

  it('takes each part once', () => {
    const parts = ['a', 'b'].map((principal) => scalar('cpus', 1.5, { reservations: [{ role: 'r', principal }] }));
    const resources = free(...parts, scalar('mem', 9999), scalar('disk', 9999));
    const taken = [1, 2, 3].flatMap(() => resources.take(shape, false) ?? []).filter(({ name }) => name === 'cpus');
    expect(taken.map(({ scalar, reservations }) => [reservations?.[0]?.principal, scalar?.value])).toEqual([
      ['a', 1],
      ['a', 0.5],
      ['b', 0.5],
      ['b', 1],
    ]);
    expect(resources.take(shape, false)).toBeUndefined();
  });

  it('takes revocable resources where the pool allows it, and never mixes them with others of one name', () => {
    const mixed = [
      scalar('cpus', 0.9),
      scalar('cpus', 1.5, { revocable: {} }),
      scalar('mem', 4096),
      scalar('disk', 9000),
    ];
    expect(free(...mixed).take(shape, false)).toBeUndefined();
    expect(free(...mixed).take(shape, true)?.[0]).toEqual(scalar('cpus', 1, { revocable: {} }));
    expect(free(...mixed).take({ ...shape, cores: 2 }, true)).toBeUndefined();
    expect(free(scalar('cpus', 1), scalar('mem', 1024), scalar('disk', 1024)).take(shape, true)).toHaveLength(3);
  });
});
