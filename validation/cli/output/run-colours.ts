import pc from 'picocolors';
import type { RunStatus } from '../../runs/store/record.ts';

/** What the states of runs look like. */
export const COLOUR: Record<RunStatus, (text: string) => string> = {
  preparing: pc.cyan,
  running: pc.cyan,
  judging: pc.cyan,
  passed: pc.green,
  failed: pc.red,
  broken: pc.magenta,
  interrupted: pc.yellow,
};
