import type { Check } from '../../preflight/check.ts';
import { paint } from '../../report/paint.ts';
import { err } from '../terminal.ts';
import { printWarnings } from './warnings.ts';

const MARK: Record<Check['state'], string> = {
  ok: paint.green('✓'),
  warning: paint.yellow('!'),
  failed: paint.red('✗'),
  skipped: paint.dim('-'),
};

/** A line for each check. The next line says what to do about it. */
export function checkLines(checks: readonly Check[]): string[] {
  return checks.flatMap(({ name, state, found, advice }) => [
    `${MARK[state]}  ${name}: ${found}`,
    ...(advice === undefined ? [] : [`   ${paint.dim(advice)}`]),
  ]);
}

/** Before a run, on stderr: only checks that need attention. */
export function printChecks(checks: readonly Check[]): void {
  printWarnings(checks.filter(({ state }) => state === 'warning').map(({ name, found }) => `${name}: ${found}`));
  const failed = checks.filter(({ state }) => state === 'failed');
  if (failed.length > 0) err.say(...checkLines(failed), 'To run nevertheless, use --no-check');
}
