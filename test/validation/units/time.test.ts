import { afterEach, describe, expect, it } from 'vitest';
import { instant } from '../../../validation/units/parse.ts';
import { formatClock, formatTime, LATEST } from '../../../validation/units/time.ts';

const before = process.env.TZ;
const inZone = (name: string): void => {
  process.env.TZ = name;
};
afterEach(() => {
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
});

const TIME = Date.UTC(2026, 10, 22, 20, 33, 20, 450);

describe('a time for a person', () => {
  it.each([
    ['Asia/Kolkata', '2026-11-23 02:03:20 +05:30', '02:03:20.4'],
    ['America/New_York', '2026-11-22 15:33:20 -05:00', '15:33:20.4'],
    ['America/St_Johns', '2026-11-22 17:03:20 -03:30', '17:03:20.4'],
    ['UTC', '2026-11-22 20:33:20 +00:00', '20:33:20.4'],
  ])('in %s has the offset of that zone', (zone, time, clock) => {
    inZone(zone);
    expect([formatTime(TIME, 'local'), formatClock(TIME, 'local')]).toEqual([time, clock]);
  });

  it('has the offset that held at that time, in summer another one', () => {
    inZone('Europe/Berlin');
    expect(formatTime(Date.UTC(2026, 6, 1, 12), 'local')).toBe('2026-07-01 14:00:00 +02:00');
    expect(formatTime(Date.UTC(2026, 11, 1, 12), 'local')).toBe('2026-12-01 13:00:00 +01:00');
  });

  it('is in UTC when that is asked for', () => {
    inZone('Asia/Kolkata');
    expect(formatTime(TIME, 'utc')).toBe('2026-11-22 20:33:20 UTC');
    expect(formatClock(TIME, 'utc')).toBe('20:33:20.4');
    expect(formatTime(Number.NaN, 'local')).toBe('an impossible time');
  });
});

describe('a time at the ends of the calendar', () => {
  it('has four digits in its year, and a day of the calendar', () => {
    inZone('Asia/Kolkata');
    expect(formatTime(LATEST, 'local')).toBe('9999-12-31 23:59:59 UTC');
    expect(formatClock(LATEST, 'local')).toBe('--:--:--.-');
    expect(formatTime(0, 'local')).toBe('1970-01-01 05:30:00 +05:30');
  });

  it('in the hour that summer time leaves out is the hour behind', () => {
    inZone('Europe/Berlin');
    expect(formatTime(instant('2026-03-29T02:30', 0) ?? 0, 'local')).toBe('2026-03-29 03:30:00 +02:00');
  });
});

describe('a time that a person gives', () => {
  it.each([
    ['7d', TIME - 7 * 86_400_000],
    ['90m', TIME - 90 * 60_000],
    ['2026-11-22', Date.UTC(2026, 10, 21, 23)],
    ['2026-11-22T12:00', Date.UTC(2026, 10, 22, 11)],
    ['2026-11-22 12:00:30', Date.UTC(2026, 10, 22, 11, 0, 30)],
    ['2026-11-22T12:00Z', Date.UTC(2026, 10, 22, 12)],
    ['2026-11-22T12:00-05:00', Date.UTC(2026, 10, 22, 17)],
  ])('%s', (text, expected) => {
    inZone('Europe/Berlin');
    expect(instant(text, TIME)).toBe(expected);
  });

  it.each([
    'yesterday',
    '7',
    '2026-13-01',
    '',
    '2026-11-22T25:00',
    '2026-02-30',
    '2026-02-29T12:00Z',
    '2026-04-31 12:00',
  ])('%j is none', (text) => {
    expect(instant(text, TIME)).toBeUndefined();
  });
});
