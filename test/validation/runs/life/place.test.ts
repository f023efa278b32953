import { describe, expect, it } from 'vitest';
import { checkPlace, type WantedPlace } from '../../../../validation/runs/life/wanted.ts';

const check = (place: Partial<WantedPlace>) => () => checkPlace({ local: false, ...place });

describe('where a run runs', () => {
  it('is one place', () => {
    for (const place of [
      { local: true },
      { catalog: 'h:1' },
      { batch: 'condor' },
      { batch: 'wq', catalog: 'h:1' },
    ] as const)
      expect(check(place)).not.toThrow();
    expect(check({ batch: 'condor', schedd: 'q1@h', pool: 'cm:9618' })).not.toThrow();
    expect(check({})).toThrow('use --local, --catalog HOST:PORT or --batch condor');
    expect(check({ batch: 'wq' })).toThrow('use --local');
  });

  it.each([
    [{ batch: 'condor', local: true }, '--batch condor and --local exclude each other'],
    [{ batch: 'condor', catalog: 'h:1' }, '--batch condor and --catalog exclude each other'],
    [{ batch: 'condor', password: 'file' }, '--batch condor and --password exclude each other'],
    [{ batch: 'condor', containerizer: 'docker' }, '--containerizer needs --local'],
    [{ catalog: 'h:1', schedd: 'q' }, '--schedd needs --batch condor'],
    [{ local: true, pool: 'cm' }, '--pool needs --batch condor'],
    [{ batch: 'condor', schedd: 'a b' }, '--schedd a b: expected a name'],
    [{ batch: 'condor', pool: 'a"b' }, '--pool a"b: expected HOST'],
  ] as [Partial<WantedPlace>, string][])('is not %j', (place, message) => {
    expect(check(place)).toThrow(message);
  });
});
