import type { ComponentChildren } from 'preact';
import { HEIGHT } from './plot-paths.ts';

/** A thing that is followed over the nights: its name, its drawing, and what the newest night has of it. */
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

/** One unit wide for each night. */
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
