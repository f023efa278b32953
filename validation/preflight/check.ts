/** The result of one check before a run. */
export interface Check {
  name: string;
  /** `skipped`: it does not apply, or cannot be checked here. Only `failed` keeps a run from starting. */
  state: 'ok' | 'warning' | 'failed' | 'skipped';
  /** One sentence. */
  found: string;
  /** What to do about it; absent if there is nothing to do. */
  advice?: string;
}

/** Why a run must not start; undefined if it may. */
export function reasonAgainst(checks: readonly Check[]): string | undefined {
  const failed = checks.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return undefined;
  return `pre-flight: ${failed.map(({ name, found }) => `${name}: ${found}`).join('; ')}`;
}

/** A line for the records and the report's provenance; with advice if the check failed. */
export function checkLine({ name, state, found, advice }: Check): string {
  const todo = state === 'failed' && advice !== undefined ? `; ${advice}` : '';
  return `${name}: ${state === 'ok' ? '' : `${state}: `}${found}${todo}`;
}

/** Whether a line is about a failed check. */
export function isFailedLine(line: string): boolean {
  return line.includes(': failed: ');
}
