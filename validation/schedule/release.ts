import { globMatches } from '../workflow/glob.ts';
import type { ReleaseData } from './nightly.ts';
import { wallClock } from './times.ts';

/** A package in AliEn's form, `VO_ALICE@AliPhysics::v5-09-36-01-1`. */
export interface PackageVersion {
  vo: string;
  name: string;
  version: string;
}

/** @returns undefined when the text is not the name of a package */
function parsePackage(text: string): PackageVersion | undefined {
  const [, vo, name, version] = /^(\w+)@([\w.+-]+)::([\w.+-]+)$/.exec(text.trim()) ?? [];
  return vo === undefined || name === undefined || version === undefined ? undefined : { vo, name, version };
}

function packageText({ vo, name, version }: PackageVersion): string {
  return `${vo}@${name}::${version}`;
}

/** Compares versions as people do: numbers in them count as numbers, so that -10 comes after -9. */
export function compareVersions(a: string, b: string): number {
  const parts = (version: string): string[] => version.split(/(\d+)/);
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const [x = '', y = ''] = [left[i], right[i]];
    if (x === y) continue;
    // Every second part is a number. Only numbers that are not dates may be too long for exact arithmetic.
    if (i % 2 === 1 && Number(x) !== Number(y)) return Number(x) - Number(y);
    return x < y ? -1 : 1;
  }
  return 0;
}

/** The version to use on the day of `now` (ms since 1970) in a zone: a version, or a pattern whose newest match counts. */
export function wantedVersion(release: ReleaseData, now: number, timeZone: string): string {
  if (release.tag !== undefined) return release.tag;
  if (release.newest !== undefined) return release.newest;
  const { year, month, day } = wallClock(now, timeZone);
  const two = (number: number): string => String(number).padStart(2, '0');
  const template = release.today ?? '';
  return template.replaceAll('%Y', String(year)).replaceAll('%m', two(month)).replaceAll('%d', two(day));
}

export function isPattern(version: string): boolean {
  return /[*?]/.test(version);
}

/** The newest published version of a package that matches a pattern. */
export function newestVersion(published: readonly string[], name: string, pattern: string): string | undefined {
  return published
    .flatMap((text) => parsePackage(text) ?? [])
    .filter((one) => one.name === name && globMatches(pattern, one.version))
    .map(({ version }) => version)
    .sort(compareVersions)
    .at(-1);
}

/** The packages of an input with one of them in this version; it is put first if the input does not have it. */
export function withVersion(packages: readonly string[], name: string, version: string): string[] {
  const own = packages.map(parsePackage).find((one) => one?.name === name);
  const wanted = packageText({ vo: own?.vo ?? 'VO_ALICE', name, version });
  if (!own) return [wanted, ...packages];
  return packages.map((text) => (parsePackage(text)?.name === name ? wanted : text));
}
