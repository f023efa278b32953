import { describe, expect, it } from 'vitest';
import { courseOf, type Mark, spellsOf } from '../../../validation/history/spells.ts';

/** `x` there, `e` excused, `.` absent, `?` unknown. */
function marks(text: string): Mark[] {
  const of: Record<string, Mark> = { x: 'there', e: 'excused', '.': 'absent', '?': 'unknown' };
  return [...text].map((letter) => of[letter] as Mark);
}
/** Another release each night. */
const daily = (text: string): string[] => [...text].map((_, n) => `v${n}`);
/** A letter for the release of each night. */
const course = (text: string, releases?: string) => courseOf(marks(text), releases ? [...releases] : daily(text));

describe('when something was there', () => {
  it('names the last good night before and the first good one after', () => {
    expect(spellsOf(marks('..xxx.'))).toEqual([{ firstBad: 2, lastBad: 4, lastGood: 1, firstGood: 5 }]);
    expect(spellsOf(marks('xx..x'))).toEqual([
      { firstBad: 0, lastBad: 1, firstGood: 2 },
      { firstBad: 4, lastBad: 4, lastGood: 3 },
    ]);
  });

  it('does not count an unknown night as a good night', () => {
    expect(spellsOf(marks('.?x?x??'))).toEqual([{ firstBad: 2, lastBad: 4, lastGood: 0 }]);
    expect(spellsOf(marks('.x?.'))).toEqual([{ firstBad: 1, lastBad: 1, lastGood: 0, firstGood: 3 }]);
    expect(spellsOf(marks('???'))).toEqual([]);
  });

  it('counts an excused finding as there', () => {
    expect(course('..xxee')).toBe('open');
  });
});

describe('how something goes', () => {
  it('finds new, fixed and constant findings', () => {
    expect(course('....xxx')).toBe('open');
    expect(course('...xxx...')).toBe('fixed');
    expect(course('xx?xx')).toBe('always');
    expect(course('xx')).toBe('open');
    expect(course('...')).toBeUndefined();
  });

  it('takes one fault that came and went for no flaky one, also when its nights share releases with others', () => {
    expect(course('...xxxx...', 'aabbccddee')).toBe('fixed');
    expect(course('..x...', 'aabbcc')).toBe('fixed');
  });

  it('calls a finding flaky that appears and disappears without a change of release', () => {
    expect(course('..x...', 'aaaabb')).toBe('flaky');
    expect(course('x.x', 'aaa')).toBe('flaky');
  });

  it('calls a finding flaky that appears a third time, with any releases', () => {
    expect(course('x..x.....x..')).toBe('flaky');
    expect(course('x..x........')).toBe('fixed');
  });

  it('sees that something flaky has become a regression, or was fixed', () => {
    expect(course('x...x...x.....xxxxxxxx')).toBe('open');
    expect(course('x.x.xx.x.xx..............')).toBe('fixed');
    expect(course('x.x.xx.x.xx...')).toBe('flaky');
  });
});
