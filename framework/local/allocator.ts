import type { Resource } from '../mesos/messages.ts';
import { DEFAULT_REFUSE_SECONDS, MAX_REFUSE_SECONDS } from './options.ts';
import { allocate, contains, reservedFor, scalar, subtract } from './resources.ts';

/** A framework's refusal on one agent. While it holds, the framework gets no offer that lies within these resources. */
export interface Filter {
  agentId: string;
  role: string;
  /** Without allocation. */
  resources: Resource[];
  /** Milliseconds, on the clock of the allocation. */
  expiresAt: number;
}

/** One role of one framework that may get an offer now. */
export interface Claim {
  frameworkId: string;
  role: string;
  filters: readonly Filter[];
  /** The larger of its shares of all cores and of all memory, in offers and tasks. The claim with the smallest share comes first. */
  share: number;
  /** Agents that have GPUs are hidden from frameworks that do not declare GPU_RESOURCES (hierarchical.cpp). */
  seesGpus: boolean;
}

export interface Grant {
  frameworkId: string;
  role: string;
  agentId: string;
  /** With allocation. */
  resources: Resource[];
}

/** Resources below both limits are not offered (master/allocator/mesos/constants.hpp: MIN_CPUS, MIN_MEM). */
const MIN_CPUS = 0.01;
const MIN_MEMORY_MB = 32;

/** Whether a role may use a resource: if it is unreserved, or reserved for the role itself or for an ancestor of it. */
function allocatableTo(role: string, resource: Resource): boolean {
  const owner = reservedFor(resource);
  return owner === undefined || owner === role || role.startsWith(`${owner}/`);
}

export function dominantShare(held: readonly Resource[], total: readonly Resource[]): number {
  const parts = ['cpus', 'mem'].map((name) => {
    const all = scalar(total, name);
    return all > 0 ? scalar(held, name) / all : 0;
  });
  return Math.max(...parts);
}

/**
 * Divides the free resources. All free resources of an agent go to one claim, the claim with the smallest share. Reserved
 * resources go only to roles that may use them. Each grant becomes one offer.
 * @param agents free resources, without allocation, and the agent's total, in the order in which they are divided
 * @param now milliseconds, on the clock of the filters
 */
export function divide(
  agents: readonly { id: string; free: readonly Resource[]; total: readonly Resource[] }[],
  claims: readonly Claim[],
  now: number,
): Grant[] {
  const total = agents.flatMap((agent) => agent.total);
  const shares = new Map(claims.map((claim) => [claim, claim.share]));
  const grants: Grant[] = [];
  for (const agent of agents) {
    let free = [...agent.free];
    const inOrder = [...claims].sort((a, b) => (shares.get(a) ?? 0) - (shares.get(b) ?? 0));
    for (const claim of inOrder) {
      if (!claim.seesGpus && scalar(agent.total, 'gpus') > 0) continue;
      const mine = free.filter((resource) => allocatableTo(claim.role, resource));
      if (scalar(mine, 'cpus') < MIN_CPUS && scalar(mine, 'mem') < MIN_MEMORY_MB) continue;
      if (refuses(claim, agent.id, mine, now)) continue;
      free = subtract(free, mine) ?? [];
      shares.set(claim, (shares.get(claim) ?? 0) + dominantShare(mine, total));
      grants.push({
        frameworkId: claim.frameworkId,
        role: claim.role,
        agentId: agent.id,
        resources: allocate(mine, claim.role),
      });
    }
  }
  return grants;
}

function refuses(claim: Claim, agentId: string, resources: readonly Resource[], now: number): boolean {
  return claim.filters.some(
    (filter) =>
      filter.agentId === agentId &&
      filter.role === claim.role &&
      filter.expiresAt > now &&
      contains(filter.resources, resources),
  );
}

/**
 * When the refusal of an offer ends. With zero seconds there is no filter: the next allocation may offer the same again. Any
 * other filter holds for at least one allocation interval (master/allocator/mesos/hierarchical.cpp).
 * @param refuseSeconds as in Filters; negative means the default
 * @returns milliseconds, or undefined for no filter
 */
export function refusalEnd(
  refuseSeconds: number | undefined,
  now: number,
  allocationInterval: number,
): number | undefined {
  const asked = refuseSeconds ?? DEFAULT_REFUSE_SECONDS;
  const seconds = asked >= 0 ? Math.min(asked, MAX_REFUSE_SECONDS) : DEFAULT_REFUSE_SECONDS;
  return seconds === 0 ? undefined : now + Math.max(seconds * 1000, allocationInterval);
}
