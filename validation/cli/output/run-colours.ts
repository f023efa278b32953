import { paint } from '../../report/paint.ts';
import type { RunStatus } from '../../runs/store/record.ts';

/** The colours of the states of runs. */
export const COLOUR: Record<RunStatus, (text: string) => string> = {
  preparing: paint.cyan,
  running: paint.cyan,
  judging: paint.cyan,
  passed: paint.green,
  failed: paint.red,
  broken: paint.magenta,
  interrupted: paint.yellow,
};
