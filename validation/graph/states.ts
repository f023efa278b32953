import type { StepState } from '../report/model.ts';
import type { GraphNode } from './model.ts';

/** A symbol beside the colour, for people who cannot see the colour. */
export const SYMBOL: Record<StepState, string> = {
  waiting: '·',
  submitted: '…',
  running: '▶',
  succeeded: '✓',
  failed: '✗',
  broken: '!',
  aborted: '–',
};

/** Order of the states: the state that needs attention most gives many steps their colour. */
export const BY_URGENCY = ['failed', 'broken', 'aborted', 'running', 'submitted', 'waiting', 'succeeded'] as const;

/** The state that gives a node its colour; `plain` if no run is drawn. */
export function stateOf({ states, kind }: GraphNode): StepState | 'plain' {
  if (kind === 'pending') return states ? 'waiting' : 'plain';
  return BY_URGENCY.find((state) => states?.has(state)) ?? 'plain';
}

/** `fill` of a node; `line` of its border, and of text on this fill and on the plain one. */
export interface Colours {
  fill: string;
  line: string;
}

export type Theme = Record<StepState | 'plain', Colours> & { page: string; text: string; soft: string };

export const LIGHT: Theme = {
  page: '#ffffff',
  text: '#1c2128',
  soft: '#57606a',
  plain: { fill: '#f6f8fa', line: '#57606a' },
  waiting: { fill: '#f6f8fa', line: '#656d76' },
  submitted: { fill: '#eaf0f8', line: '#47678f' },
  running: { fill: '#ddf0ff', line: '#0757b8' },
  succeeded: { fill: '#dcf7e3', line: '#116329' },
  failed: { fill: '#ffe5e3', line: '#b3121d' },
  broken: { fill: '#f6e8ff', line: '#7a33c9' },
  aborted: { fill: '#fff3d1', line: '#7a4d00' },
};

export const DARK: Theme = {
  page: '#14181d',
  text: '#e3e8ee',
  soft: '#a3adb8',
  plain: { fill: '#1d232a', line: '#8b96a3' },
  waiting: { fill: '#1d232a', line: '#8b96a3' },
  submitted: { fill: '#1c2836', line: '#86a7d0' },
  running: { fill: '#0c2b4a', line: '#7fb6ff' },
  succeeded: { fill: '#12301d', line: '#62c97b' },
  failed: { fill: '#43171b', line: '#ff8a84' },
  broken: { fill: '#2e1c4a', line: '#c79bff' },
  aborted: { fill: '#37290b', line: '#e5b454' },
};
