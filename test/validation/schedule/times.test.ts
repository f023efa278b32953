import { describe, expect, it } from 'vitest';
import {
  canonicalZone,
  clockChanges,
  fieldsOf,
  lastDue,
  nextStarts,
  problemOf,
} from '../../../validation/schedule/times.ts';

const at = (text: string) => Date.parse(text);
const iso = (times: number[]) => times.map((time) => new Date(time).toISOString().slice(0, 16));
const zurich = (cron: string) => ({ cron, timeZone: 'Europe/Zurich' });

describe('times of a nightly', () => {
  it('follow the clock of the zone through both changes of a year', () => {
    expect(iso(nextStarts(zurich('0 1 * * *'), at('2027-03-26T12:00Z'), 3))).toEqual([
      '2027-03-27T00:00',
      '2027-03-28T00:00',
      '2027-03-28T23:00',
    ]);
    expect(iso(nextStarts(zurich('0 4 * * *'), at('2027-10-29T12:00Z'), 3))).toEqual([
      '2027-10-30T02:00',
      '2027-10-31T03:00',
      '2027-11-01T03:00',
    ]);
  });

  it('start once, and not not at all, where the clock jumps over them or shows them twice', () => {
    expect(iso(nextStarts(zurich('30 2 * * *'), at('2027-03-27T12:00Z'), 2))).toEqual([
      '2027-03-28T01:00',
      '2027-03-29T00:30',
    ]);
    expect(iso(nextStarts(zurich('30 2 * * *'), at('2027-10-30T12:00Z'), 2))).toEqual([
      '2027-10-31T00:30',
      '2027-11-01T01:30',
    ]);
  });

  it('have the starts of the coming year that a change of the clock affects', () => {
    const changes = clockChanges(zurich('30 2 * * *'), at('2026-11-22T00:00Z'));
    expect(changes.map(({ time, what }) => [new Date(time).toISOString().slice(0, 10), what])).toEqual([
      ['2027-03-28', 'skipped'],
      ['2027-10-31', 'twice'],
    ]);
    expect(clockChanges(zurich('0 4 * * *'), at('2026-11-22T00:00Z'))).toEqual([]);
    expect(clockChanges({ cron: '30 2 * * *', timeZone: 'UTC' }, at('2026-11-22T00:00Z'))).toEqual([]);
  });

  it('know the last start that was due, to the second', () => {
    const times = zurich('0 2 * * 1-5');
    expect(lastDue(times, at('2026-11-24T01:00:00Z'))).toBe(at('2026-11-24T01:00:00Z'));
    expect(lastDue(times, at('2026-11-24T00:59:58Z'))).toBe(at('2026-11-23T01:00:00Z'));
    expect(lastDue(times, at('2026-11-22T12:00:00Z'))).toBe(at('2026-11-20T01:00:00Z'));
  });

  it('are taken apart as crontab(5) has them', () => {
    expect(fieldsOf('*/20 1-3 1,15 jan-mar mon,5,7')).toEqual({
      minutes: [0, 20, 40],
      hours: [1, 2, 3],
      days: [1, 15],
      months: [1, 2, 3],
      weekdays: [0, 1, 5],
    });
    expect(fieldsOf('5 * * * *')).toEqual({
      minutes: [5],
      hours: undefined,
      days: undefined,
      months: undefined,
      weekdays: undefined,
    });
  });

  it.each([
    ['0 2 * *', /five fields/],
    ['61 2 * * *', /0 to 59/],
    ['0 2 L * *', /1 to 31/],
    ['0 2 * * 1#2', /0 to 7/],
    ['5/10 2 * * *', /step/],
    ['*/0 2 * * *', /step/],
    ['0 5-2 * * x', /'x'/],
  ])('refuse %s', (cron, message) => {
    expect(() => fieldsOf(cron)).toThrow(message);
  });

  it('are of the same zone under each of its names', () => {
    expect(canonicalZone('Etc/UTC')).toBe(canonicalZone('UTC'));
    expect(canonicalZone('Europe/Zurich')).not.toBe(canonicalZone('UTC'));
  });

  it('that never come, or without a valid zone, are reported', () => {
    expect(problemOf(zurich('0 2 30 2 *'))).toMatch(/matches no date/);
    expect(problemOf({ cron: '0 2 * * *', timeZone: 'Europe/Zuerich' })).toMatch(/time zone/);
    expect(problemOf(zurich('0 2 * * *'))).toBeUndefined();
  });
});
