import type { ComponentChildren } from 'preact';
import { HEIGHT } from './plot-paths.ts';

/** One row of the history: a name, a drawing over the nights, and the value of the newest night. */
export function Row({
  name,
  value,
  children,
}: {
  name: ComponentChildren;
  value?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <div class="night-row">
      <div class="night-name">{name}</div>
      <div class="plot">{children}</div>
      <div class="night-value">{value}</div>
    </div>
  );
}

/** A drawing with a width of one unit for each night. */
export function Drawing({ count, low, children }: { count: number; low?: true; children: ComponentChildren }) {
  return (
    <svg
      class={low ? 'drawn low' : 'drawn'}
      viewBox={`0 0 ${count} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}
