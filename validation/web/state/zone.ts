import { signal } from '@preact/signals';
import type { Zone } from '../../units/time.ts';

const KEY = 'relval-zone';

/** In which time zone the page shows times: that of the reader, or UTC. */
export const zone = signal<Zone>(localStorage.getItem(KEY) === 'utc' ? 'utc' : 'local');

/** Changes to the other one. The browser remembers it. */
export function switchZone(): void {
  zone.value = zone.value === 'utc' ? 'local' : 'utc';
  localStorage.setItem(KEY, zone.value);
}
