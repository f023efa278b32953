import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../../validation/runs/store/record.ts';
import { fits, parseStatuses } from '../../../../validation/runs/store/run-filter.ts';

const record = (over: Partial<RunRecord> = {}): RunRecord => ({
  schema: 'relval-run-1',
  id: 'mc-1',
  name: 'mc',
  workflow: 'mc',
  request: { input: '/mc.jdl', set: [], setAppend: [], lenient: false, local: true },
  state: 'ended',
  process: { pid: 1, start: '1', host: 'h' },
  project: 'relval-mc-1',
  created: 1000,
  totals: { steps: 1, succeeded: 1, failed: 0, broken: 0, running: 0 },
  ...over,
});

describe('a filter of runs', () => {
  it('selects all runs without conditions', () => {
    expect(fits({}, record(), 'passed')).toBe(true);
  });

  it.each([
    [{ status: ['failed', 'broken'] }, false],
    [{ status: ['passed'] }, true],
    [{ workflow: 'm*' }, true],
    [{ workflow: 'reco' }, false],
    [{ name: 'm?' }, true],
    [{ release: 'v5-*' }, true],
    [{ release: 'v6-*' }, false],
    [{ since: 1000 }, true],
    [{ since: 1001 }, false],
    [{ accepted: true }, false],
    [{ accepted: false, workflow: 'mc', since: 5 }, true],
  ] as const)('%j', (filter, expected) => {
    expect(fits(filter, record({ release: 'v5-09' }), 'passed')).toBe(expected);
  });

  it('with a release does not select a run without one', () => {
    expect(fits({ release: 'v*' }, record(), 'passed')).toBe(false);
  });

  it('reads states as words with commas', () => {
    expect(parseStatuses('failed, broken')).toEqual(['failed', 'broken']);
    expect(parseStatuses('failed,bad')).toEqual({ unknown: 'bad' });
  });
});
