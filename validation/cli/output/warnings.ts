import { paint } from '../../report/paint.ts';
import { err } from '../terminal.ts';

/** Prints warnings on stderr, one a line. */
export function printWarnings(warnings: readonly string[]): void {
  for (const warning of warnings) err.say(`${paint.yellow('warning')}: ${warning}`);
}
