/** What was found out about one condition of a run, before it runs. */
export interface Check {
  name: string;
  /** `skipped`: it does not apply, or cannot be told from here. Only `failed` keeps a run from starting. */
  state: 'ok' | 'warning' | 'failed' | 'skipped';
  /** One sentence. */
  found: string;
  /** What to do about it; absent where there is nothing to do. */
  advice?: string;
}

/** Why a run must not start; undefined when nothing is in its way. */
export function reasonAgainst(checks: readonly Check[]): string | undefined {
  const failed = checks.filter(({ state }) => state === 'failed');
  if (failed.length === 0) return undefined;
  return `pre-flight: ${failed.map(({ name, found }) => `${name}: ${found}`).join('; ')}`;
}

/** A line for a report's provenance. */
export function checkLine({ name, state, found }: Check): string {
  return `${name}: ${state === 'ok' ? '' : `${state}: `}${found}`;
}
