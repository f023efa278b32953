import type { StepState } from '../report/model.ts';
import type { RunStatus } from '../runs/store/record.ts';

/** How long ago, in the largest unit that fits: `now`, `40 s ago`, `3 h ago`, `12 d ago`, `3 y ago`. */
export function formatAge(ms: number): string {
  const seconds = Math.max(0, ms / 1000);
  if (seconds < 5) return 'now';
  const [value, unit] =
    seconds < 60
      ? [seconds, 's']
      : seconds < 3600
        ? [seconds / 60, 'min']
        : seconds < 86_400
          ? [seconds / 3600, 'h']
          : seconds < 730 * 86_400
            ? [seconds / 86_400, 'd']
            : [seconds / 31_557_600, 'y'];
  return `${Math.floor(value)} ${unit} ago`;
}

/** For each status of a run, the state of a step with the same colour and symbol. */
export const LOOK: Record<RunStatus, StepState> = {
  preparing: 'submitted',
  running: 'running',
  judging: 'running',
  passed: 'succeeded',
  failed: 'failed',
  broken: 'broken',
  interrupted: 'aborted',
};

export function isActive(status: RunStatus): boolean {
  return status === 'preparing' || status === 'running' || status === 'judging';
}
