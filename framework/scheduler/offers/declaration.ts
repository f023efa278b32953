import type { FrameworkInfo } from '../../mesos/messages.ts';
import type { Frame } from '../state/frame.ts';
import { gpusAtMost, type Pool } from '../state/pool.ts';
import type { Declaration, SchedulerState } from '../state/state.ts';

/** The part of FrameworkInfo that the operator sets. The core adds id, roles and capabilities. */
export type FrameworkTraits = Omit<FrameworkInfo, 'id' | 'roles' | 'capabilities'>;

/** The roles of all pools, each once. */
export function rolesOf(pools: readonly Pool[]): string[] {
  return [...new Set(pools.map(({ role }) => role))];
}

/** The roles and capabilities that the pools require. */
export function declarationOf(pools: readonly Pool[]): Declaration {
  const capabilities = ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'PARTITION_AWARE', 'TASK_KILLING_STATE'];
  if (pools.some(({ revocable }) => revocable)) capabilities.push('REVOCABLE_RESOURCES');
  // Without it Mesos hides the agents that have GPUs, with all that is on them.
  if (pools.some((pool) => gpusAtMost(pool) > 0)) capabilities.push('GPU_RESOURCES');
  return { roles: rolesOf(pools), capabilities };
}

export function frameworkInfo(state: SchedulerState, traits: FrameworkTraits, declared: Declaration): FrameworkInfo {
  return {
    ...traits,
    ...(state.frameworkId !== undefined && { id: { value: state.frameworkId } }),
    roles: declared.roles,
    capabilities: declared.capabilities.map((type) => ({ type })),
  };
}

/** After the pools have changed: tells Mesos of new roles (which begin suppressed) and new capabilities. */
export function redeclare(frame: Frame, traits: FrameworkTraits): void {
  const { state, now } = frame;
  const wanted = declarationOf(state.pools);
  if (!state.declared || isSame(state.declared, wanted)) return;
  state.declared = wanted;
  for (const role of state.roles.keys()) if (!wanted.roles.includes(role)) state.roles.delete(role);
  for (const role of wanted.roles) {
    if (!state.roles.has(role)) state.roles.set(role, { suppressed: true, since: now, wanted: 0, pauseMs: 0 });
  }
  frame.call({
    type: 'UPDATE_FRAMEWORK',
    update_framework: {
      framework_info: frameworkInfo(state, traits, wanted),
      suppressed_roles: wanted.roles.filter((role) => state.roles.get(role)?.suppressed),
    },
  });
}

function isSame(a: Declaration, b: Declaration): boolean {
  return a.roles.join('\n') === b.roles.join('\n') && a.capabilities.join('\n') === b.capabilities.join('\n');
}
