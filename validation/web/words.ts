import type { StepState } from '../report/model.ts';
import type { RunStatus } from '../runs/store/record.ts';

const number = new Intl.NumberFormat('en-US');

export function count(value: number): string {
  return number.format(value);
}

/** `1 error`, `1,200 errors`. */
export function counted(value: number, noun: string): string {
  return `${number.format(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** Bytes as `512 B`, `3.4 kB`, `1.2 GB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = bytes / 1000 ** unit;
  return `${unit === 0 ? value : value.toFixed(value < 100 ? 1 : 0)} ${units[unit]}`;
}

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

/** The state of a step whose colour and sign a run's status has. */
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
