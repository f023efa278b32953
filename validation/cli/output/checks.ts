import pc from 'picocolors';
import type { Check } from '../../preflight/check.ts';
import { table } from './table.ts';

const MARK: Record<Check['state'], string> = {
  ok: pc.green('✓'),
  warning: pc.yellow('!'),
  failed: pc.red('✗'),
  skipped: pc.dim('-'),
};

/** A line for each check, and what to do about it below. */
export function checksText(checks: readonly Check[]): string {
  return checks
    .map(({ name, state, found, advice }) => {
      const line = table([[MARK[state], `${name}: ${found}`]]);
      return advice === undefined ? line : `${line}\n   ${pc.dim(advice)}`;
    })
    .join('\n');
}

/** Before a run, on stderr: only what needs attention. */
export function tellChecks(checks: readonly Check[]): void {
  for (const { state, name, found } of checks) {
    if (state === 'warning') console.error(`${pc.yellow('warning')}: ${name}: ${found}`);
  }
  const failed = checks.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return;
  console.error(checksText(failed));
  console.error('To run it all the same: --no-check');
}
