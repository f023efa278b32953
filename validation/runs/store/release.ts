import type { Plan } from '../../workflow/plan.ts';

/** Of the packages that a run loads, what it is a validation of: the first of these that is among them. */
const TESTED = ['AliPhysics', 'AliRoot', 'O2Physics', 'O2'];

/**
 * The release under test, as far as the packages say it: `AliPhysics::v5-10-02-01-1`; of several versions the newest. With
 * none of the known ones among them, that of a run with one package only.
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
