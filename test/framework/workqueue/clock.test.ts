import { describe, expect, it } from 'vitest';
import { clockDifference, clockWords } from '../../../framework/workqueue/clock.ts';

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);
const MINUTE = 60_000;

/** As ctime prints it. @param zone hours by which the catalog's zone is ahead of UTC */
function ctime(time: number, zone = 0): string {
  const [day, date, month, year, clock] = new Date(time + zone * 60 * MINUTE).toUTCString().split(/,? /);
  return `${day} ${month} ${`${Number(date)}`.padStart(2)} ${clock} ${year}`;
}

describe('the difference of the clocks', () => {
  it.each([-12, -3.5, 0, 5.75, 9, 14])('is found whatever the zone of the catalog is: %d h from UTC', (zone) => {
    for (const minutes of [-7, -2, 0, 2, 7]) {
      const theirs = NOW + minutes * MINUTE;
      expect(clockDifference(ctime(theirs, zone), theirs - 30_000, NOW, 0)).toBe(minutes * MINUTE);
      expect(clockDifference(ctime(theirs, zone), Number.NEGATIVE_INFINITY, NOW, 0)).toBe(minutes * MINUTE);
    }
  });

  it('is at least what a row from the future shows, also without a date', () => {
    expect(clockDifference(undefined, NOW + 40 * MINUTE, NOW, 0)).toBe(40 * MINUTE);
    expect(clockDifference('yesterday', NOW + 40 * MINUTE, NOW, 0)).toBe(40 * MINUTE);
    expect(clockDifference(ctime(NOW + 40 * MINUTE, 12.75), NOW + 39 * MINUTE, NOW, 0)).toBe(39 * MINUTE);
  });

  it("is read from a proxy's date, which names its zone", () => {
    expect(clockDifference(new Date(NOW + 90 * MINUTE).toUTCString(), NOW, NOW, 0)).toBe(90 * MINUTE);
  });

  it('is none where only the rows are old, or for some seconds, and does not follow each second', () => {
    expect(clockDifference(ctime(NOW), NOW - 20 * MINUTE, NOW, 0)).toBe(0);
    expect(clockDifference(undefined, NOW - 20 * MINUTE, NOW, 0)).toBe(0);
    expect(clockDifference(ctime(NOW + 20_000), NOW, NOW, 0)).toBe(0);
    expect(clockDifference(ctime(NOW + 7 * MINUTE + 3000), NOW, NOW, 7 * MINUTE)).toBe(7 * MINUTE);
    expect(clockDifference(ctime(NOW), NOW - 20_000, NOW, 7 * MINUTE)).toBe(0);
  });

  it('is said in minutes, or in seconds where it is small', () => {
    expect(clockWords('cat:9097', 0)).toBeUndefined();
    expect(clockWords('cat:9097', 421_000)).toBe(
      "the clock of the catalog server cat:9097 differs by 7 min from this machine's: it is ahead",
    );
    expect(clockWords('cat:9097', -45_000)).toContain("differs by 45 s from this machine's: it is behind");
  });
});
