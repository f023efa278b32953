import { expect, it } from 'vitest';
import { releaseOf } from '../../../../validation/runs/store/release.ts';
import { makeStage } from '../../plans.ts';

const releaseWith = (...packages: string[]) => releaseOf({ stages: [makeStage('a', { packages }), makeStage('b')] });

it('the release under test is AliPhysics or AliRoot among the packages, the newest version of it', () => {
  expect(releaseWith('VO_ALICE@AliDPG::v5-10-XX-03', 'VO_ALICE@AliPhysics::v5-10-02-01-1')).toBe(
    'AliPhysics::v5-10-02-01-1',
  );
  expect(releaseWith('VO_ALICE@AliRoot::v5-9', 'AliRoot::v5-10')).toBe('AliRoot::v5-10');
  expect(releaseWith('VO_ALICE@jemalloc::1')).toBe('jemalloc::1');
  expect(releaseWith('VO_ALICE@jemalloc::1', 'VO_ALICE@AliDPG::2')).toBeUndefined();
  expect(releaseWith('VO_ALICE@AliPhysics')).toBeUndefined();
  expect(releaseWith()).toBeUndefined();
});
