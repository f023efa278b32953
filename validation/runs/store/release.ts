import type { Plan } from '../../workflow/plan.ts';

/** The packages that are under test. If a run loads several of them, the first in this list is. */
const TESTED = ['AliPhysics', 'AliRoot', 'O2Physics', 'O2'];

/**
 * The release under test, from the packages: `AliPhysics::v5-10-02-01-1`; of several versions the newest. If no known package is
 * among them, the only package of the run; undefined if there are several.
 */
export function releaseOf({ stages }: Pick<Plan, 'stages'>): string | undefined {
  const packages = [...new Set(stages.flatMap((stage) => stage.packages))].flatMap((text) => {
    const [, name, version] = /^(?:[^@]*@)?([^:]+)::(.+)$/.exec(text) ?? [];
    return name !== undefined && version !== undefined ? [{ name, version }] : [];
  });
  const names = new Set(packages.map(({ name }) => name));
  const wanted = TESTED.find((name) => names.has(name)) ?? (names.size === 1 ? [...names][0] : undefined);
  const versions = packages.filter(({ name }) => name === wanted).map(({ version }) => version);
  const newest = versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  return newest === undefined ? undefined : `${wanted}::${newest}`;
}
