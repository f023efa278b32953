import { describe, expect, it } from 'vitest';
import type { Offer, Resource } from '../../framework/mesos/messages.ts';
import { frameworkInfo } from './client.ts';
import { firstOffer, isReal, launch, task, useCluster } from './cluster.ts';

const AGENT = { hostname: 'one', cpus: 4, memory: 4096, disk: 1000 };
const cluster = useCluster({ agents: [{ ...AGENT, reservations: [{ role: 'analysis', cpus: 2, memory: 1024 }] }] });

const reserved = (offer: Offer): Resource[] => (offer.resources ?? []).filter(({ reservations }) => reservations);
const static_ = [{ type: 'STATIC', role: 'analysis' }];

describe.skipIf(isReal)('reserved resources (need an agent that has some)', () => {
  it.each(['analysis', 'analysis/batch'])('are offered to role %s beside the unreserved ones', async (role) => {
    const framework = await cluster.subscribe({ info: frameworkInfo({ roles: [role] }) });
    const offer = await firstOffer(framework);
    const amounts = reserved(offer).map(({ name, scalar }): [string, number] => [name, scalar?.value ?? 0]);
    expect(Object.fromEntries(amounts)).toEqual({ cpus: 2, mem: 1024 });
    for (const resource of reserved(offer)) {
      expect(resource.reservations).toEqual(static_);
      expect(resource.allocation_info).toEqual({ role });
    }
    const resources: Resource[] = [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 2 }, reservations: static_ },
      { name: 'cpus', type: 'SCALAR', scalar: { value: 1.5 } },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 } },
    ];
    await launch(framework, [offer], [task(offer, 'both', { resources })]);
    await framework.update('both', 'TASK_FINISHED');
  });

  it('are kept from other roles', async () => {
    const framework = await cluster.subscribe();
    const offer = await firstOffer(framework);
    expect(reserved(offer)).toEqual([]);
    const resources: Resource[] = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, reservations: static_ }];
    await launch(framework, [offer], [task(offer, 'greedy', { resources })]);
    expect((await framework.update('greedy', 'TASK_ERROR')).message).toMatch(
      /^Total resources cpus\(allocated: \*\)\(reservations: \[\(STATIC,analysis\)\]\):1 required/,
    );
  });

  it('of the role are named by role to frameworks without RESERVATION_REFINEMENT', async () => {
    const info = frameworkInfo({ roles: ['analysis'], capabilities: [{ type: 'MULTI_ROLE' }] });
    const framework = await cluster.subscribe({ info });
    const offer = await firstOffer(framework);
    const roles = new Set((offer.resources ?? []).map(({ role }) => role));
    expect(roles).toEqual(new Set(['analysis', '*']));
    const resources: Resource[] = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 2 }, role: 'analysis' }];
    await launch(framework, [offer], [task(offer, 'legacy', { resources })]);
    await framework.update('legacy', 'TASK_FINISHED');
  });
});
