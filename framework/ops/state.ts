import type { Driver } from '../driver.ts';
import type { Constraint, Pool } from '../scheduler/state/pool.ts';
import { startingAtMost, startsPerSecond } from '../scheduler/state/starts.ts';
import { explain } from './explain.ts';

/** The JSON of `/state`: master, pools, demand, workers, held offers, pauses, and the explanation of each project. */
export function stateOf(driver: Driver, now: number): Record<string, unknown> {
  const { state, blocked } = driver.scheduler;
  return {
    frameworkId: state.frameworkId,
    startedAt: driver.startedAt,
    now,
    master: driver.connection.state,
    subscribed: state.subscribed,
    pools: state.pools.map(poolOf),
    demand: state.demand ?? null,
    projects: explain(state, blocked, now),
    workers: [...state.workers.values()],
    unknownTasks: Object.fromEntries(state.unknownTasks),
    offersHeld: [...state.offers.values()].map(({ offer, receivedAt }) => ({
      id: offer.id.value,
      hostname: offer.hostname,
      heldMs: now - receivedAt,
    })),
    roles: Object.fromEntries(state.roles),
    draining: Object.fromEntries(state.draining),
    backoffs: {
      pools: Object.fromEntries(state.poolBackoffs),
      agents: Object.fromEntries(state.agentBackoffs),
    },
    startRates: Object.fromEntries(
      [...state.startRates].map(([agent, rate]) => [
        agent,
        { perSecond: startsPerSecond(rate), atOnce: startingAtMost(rate) },
      ]),
    ),
    counters: state.counters,
  };
}

/**
 * Without the values of environment variables and of docker's parameters, and without users, passwords and queries of URIs:
 * they may be secrets, and nobody needs them to read this page.
 */
function poolOf({
  kind,
  projects,
  constraints,
  environment,
  dockerParameters,
  uris,
  ...pool
}: Pool): Record<string, unknown> {
  return {
    ...pool,
    source: kind.source,
    projects: projects.source,
    projectsWritten: projects.written ?? 'all',
    constraints: constraints.map(constraintOf),
    environment: Object.keys(environment),
    dockerParameters: dockerParameters?.map(({ key }) => key),
    uris: uris?.map(({ uri }) => uri.replace(/\/\/[^/]*@/, '//').replace(/\?.*$/s, '')),
  };
}

function constraintOf(constraint: Constraint): string[] {
  const { field, operator } = constraint;
  return [field, operator, operator === 'MAX_PER' ? String(constraint.limit) : constraint.pattern.source];
}
