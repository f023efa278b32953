/**
 * What a night says of one thing, a finding or a failed step: it is there, it is there and an exception excuses it, it is
 * not there, or nothing is known (the run did not get that far, the step is broken, a list was cut short).
 */
export type Mark = 'there' | 'excused' | 'absent' | 'unknown';

/** Letters of marks, for one text a night a letter. */
export const LETTER: Record<Mark, string> = { there: 'x', excused: 'e', absent: '.', unknown: '?' };

/** Nights in a row in which a thing is there; nights that say nothing are passed over. Numbers are places in the list of nights. */
export interface Spell {
  firstBad: number;
  lastBad: number;
  /** The last night before, and the first night after, of which it is known that it was not there. */
  lastGood?: number;
  firstGood?: number;
}

/**
 * - `always`: it is there in every night that says something
 * - `flaky`: it comes and goes without a change of release
 * - `open`: it came in, and is still there
 * - `fixed`: it was there, and is gone
 */
export type Course = 'always' | 'flaky' | 'open' | 'fixed';

/** From so many nights on, what is there in all of them is called that. */
const ALWAYS = 3;
/** So many changes without a change of release show that the release does not decide it: one may have another cause. */
const CHANGES_IN_A_RELEASE = 2;
/** What was there once, for more nights than this in a row, was a fault that somebody mended, not chance. */
const SHORT = 2;
/** What comes so often is flaky whatever the releases are: nobody breaks and mends the same thing three times in a row. */
const SPELLS = 3;
/** What was flaky before is called open or fixed when the nights since then are less likely than this by chance. */
const BY_CHANCE = 0.01;

/** The spells in a row of marks. */
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
 * How a thing went over the nights.
 * @param releases of the same nights; undefined where it is not known: then a change is not held against the same release
 * @returns undefined when it was never there
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

/** How often it came or went between two nights of one release. */
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
 * Whether something flaky has become a regression, or was fixed: it has been there, or away, for so many nights at the end
 * that the share of bad nights before makes that unlikely. Rule of succession for the share: few nights say little.
 */
function hasSettled(marks: readonly Mark[], last: Spell): boolean {
  const isKnown = (mark: Mark): boolean => mark !== 'unknown';
  const turn = last.firstGood ?? last.firstBad;
  const before = marks.slice(0, turn).filter(isKnown);
  const since = marks.slice(turn).filter(isKnown).length;
  const share = (badNights(before) + 1) / (before.length + 2);
  return (last.firstGood === undefined ? share : 1 - share) ** since < BY_CHANCE;
}
