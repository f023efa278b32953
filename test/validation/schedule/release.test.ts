import { describe, expect, it } from 'vitest';
import { compareVersions, newestVersion, wantedVersion, withVersion } from '../../../validation/schedule/release.ts';

const published = [
  'VO_ALICE@AliPhysics::vAN-20161120-1',
  'VO_ALICE@AliPhysics::vAN-20161120-10',
  'VO_ALICE@AliPhysics::vAN-20161120-9',
  'VO_ALICE@AliPhysics::vAN-20160131-2',
  'VO_ALICE@AliPhysics::v5-09-36-01-1',
  'VO_ALICE@AliRoot::vAN-20161130-1',
  'Loading …',
];

describe('the release to validate', () => {
  it('is the newest of a pattern, numbers read as numbers', () => {
    expect(newestVersion(published, 'AliPhysics', 'vAN-*')).toBe('vAN-20161120-10');
    expect(newestVersion(published, 'AliPhysics', 'vAN-2016????-1')).toBe('vAN-20161120-1');
    expect(newestVersion(published, 'AliPhysics', 'vXX-*')).toBeUndefined();
    expect(['v5-10-1', 'v5-9-1', 'v4-20-1'].sort(compareVersions)).toEqual(['v4-20-1', 'v5-9-1', 'v5-10-1']);
  });

  it('is a tag, or of the date that it is in the zone of the nightly', () => {
    const now = Date.parse('2026-11-22T23:30:00Z');
    const today = { package: 'AliPhysics', today: 'vAN-%Y%m%d-1' };
    expect(wantedVersion(today, now, 'UTC')).toBe('vAN-20261122-1');
    expect(wantedVersion(today, now, 'Europe/Zurich')).toBe('vAN-20261123-1');
    expect(wantedVersion({ package: 'AliPhysics', tag: 'v5-09' }, now, 'UTC')).toBe('v5-09');
  });

  it('takes the place of the version in the packages, and is put in front where there is none', () => {
    const packages = ['VO_ALICE@GEANT3::v2-1', 'VO_X@AliPhysics::v1'];
    expect(withVersion(packages, 'AliPhysics', 'v2')).toEqual(['VO_ALICE@GEANT3::v2-1', 'VO_X@AliPhysics::v2']);
    expect(withVersion(['VO_ALICE@GEANT3::v2-1'], 'AliPhysics', 'v2')[0]).toBe('VO_ALICE@AliPhysics::v2');
  });
});
