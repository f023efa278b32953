/**
 * The state of a finding or a failed step in one night: there, there but excused by an exception, absent, or unknown (the run did
 * not reach the step, the step is broken, or a list was cut).
 */
export type Mark = 'there' | 'excused' | 'absent' | 'unknown';

/** The letters of the marks. In a text with all marks each night has one letter. */
export const LETTER: Record<Mark, string> = { there: 'x', excused: 'e', absent: '.', unknown: '?' };

/** Consecutive nights in which a finding is there; unknown nights are skipped. Numbers are indices in the list of nights. */
export interface Spell {
  firstBad: number;
  lastBad: number;
  /** The last night before, and the first night after, in which it was certainly absent. */
  lastGood?: number;
  firstGood?: number;
}

/**
 * - `always`: it is there in every known night
 * - `flaky`: it comes and goes without a change of release
 * - `open`: it appeared, and is still there
 * - `fixed`: it was there, and is gone
 */
export type Course = 'always' | 'flaky' | 'open' | 'fixed';

/** The smallest number of known nights for `always`. */
const ALWAYS = 3;
/** The number of changes within one release that makes it flaky. A single one may have another cause. */
const CHANGES_IN_A_RELEASE = 2;
/** A finding that was there once, for more consecutive nights than this, was an error that was fixed, not chance. */
const SHORT = 2;
/** A finding that appears this often is flaky, with any releases: nobody makes and fixes the same error three times. */
const SPELLS = 3;
/** A flaky finding becomes open or fixed if the nights since then are less probable than this by chance. */
const BY_CHANCE = 0.01;

/** The spells in a list of marks. */
export function spellsOf(marks: readonly Mark[]): Spell[] {
  const spells: Spell[] = [];
  let current: Spell | undefined;
  let lastGood: number | undefined;
  for (const [night, mark] of marks.entries()) {
    if (mark === 'unknown') continue;
    if (mark === 'absent') {
      if (current) current.firstGood = night;
      current = undefined;
      lastGood = night;
    } else if (current) current.lastBad = night;
    else {
      current = { firstBad: night, lastBad: night, ...(lastGood !== undefined && { lastGood }) };
      spells.push(current);
    }
  }
  return spells;
}

/**
 * The course of a finding or a step over the nights.
 * @param releases releases of the same nights; undefined: not known. Then a change does not count as one within a release
 * @returns undefined if it was never there
 */
export function courseOf(marks: readonly Mark[], releases: readonly (string | undefined)[]): Course | undefined {
  const spells = spellsOf(marks);
  const last = spells.at(-1);
  if (!last) return undefined;
  const known = marks.filter((mark) => mark !== 'unknown');
  if (!known.includes('absent')) return known.length >= ALWAYS ? 'always' : 'open';
  const isOpen = last.firstGood === undefined;
  const isOnce = spells.length === 1 && badNights(marks) > SHORT;
  const changes = isOnce ? 0 : changesInARelease(marks, releases);
  const isFlaky = spells.length >= SPELLS || changes >= CHANGES_IN_A_RELEASE;
  return isFlaky && !hasSettled(marks, last) ? 'flaky' : isOpen ? 'open' : 'fixed';
}

function badNights(marks: readonly Mark[]): number {
  return marks.filter((mark) => mark === 'there' || mark === 'excused').length;
}

/** How often it appeared or disappeared between two nights of the same release. */
function changesInARelease(marks: readonly Mark[], releases: readonly (string | undefined)[]): number {
  let changes = 0;
  let before: number | undefined;
  for (const [night, mark] of marks.entries()) {
    if (mark === 'unknown') continue;
    if (before !== undefined) {
      const isChange = (mark === 'absent') !== (marks[before] === 'absent');
      if (isChange && releases[night] !== undefined && releases[night] === releases[before]) changes++;
    }
    before = night;
  }
  return changes;
}

/**
 * Whether a flaky finding has become a regression, or was fixed. In the last nights it was always there, or always absent, and by
 * the share of bad nights before that is improbable. The rule of succession gives the share, because there are few nights.
 */
function hasSettled(marks: readonly Mark[], last: Spell): boolean {
  const isKnown = (mark: Mark): boolean => mark !== 'unknown';
  const turn = last.firstGood ?? last.firstBad;
  const before = marks.slice(0, turn).filter(isKnown);
  const since = marks.slice(turn).filter(isKnown).length;
  const share = (badNights(before) + 1) / (before.length + 2);
  return (last.firstGood === undefined ? share : 1 - share) ** since < BY_CHANCE;
}
