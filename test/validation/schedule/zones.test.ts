import { describe, expect, it } from 'vitest';
import { zoneProblem } from '../../../validation/schedule/zones.ts';

describe('the name of a time zone', () => {
  it.each([
    'Europe/Zurich',
    'UTC',
    'Etc/GMT+2',
    'US/Pacific',
    'Asia/Kolkata',
    'Asia/Calcutta',
    'Europe/Kyiv',
    'EST5EDT',
  ])('of the tz database is taken: %s', (name) => expect(zoneProblem(name)).toBeUndefined());

  it.each([
    ['PST', 'America/Los_Angeles, or Asia/Manila'],
    ['CST', 'America/Chicago, or Asia/Shanghai, or America/Havana'],
    ['CEST', 'Europe/Zurich'],
    ['europe/zurich', 'Europe/Zurich?'],
    ['Europe/Zürich', 'Europe/Zurich?'],
    ['utc', 'UTC?'],
    ['pst', 'America/Los_Angeles, or Asia/Manila'],
    ['GMT+2', 'Etc/GMT-2?'],
    ['UTC-05:00', 'Etc/GMT+5?'],
    ['+02:00', 'Etc/GMT-2?'],
    ['new york', 'America/New_York?'],
  ])('that is not, is refused with what may be meant: %s', (name, meant) => {
    expect(zoneProblem(name)).toContain(`'${name}' is not a time zone of the tz database: did you mean ${meant}`);
  });

  it.each(['+05:30', 'GMT+15', 'SystemV/PST8', 'Mars/Olympus', ''])(
    'is refused with an example when nobody knows: %s',
    (name) => {
      expect(zoneProblem(name)).toBe(`'${name}' is not a time zone of the tz database, such as Europe/Zurich`);
    },
  );
});
