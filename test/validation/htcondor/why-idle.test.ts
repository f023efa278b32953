import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { reasonIn } from '../../../validation/htcondor/why-idle.ts';

const text = (name: string): string =>
  readFileSync(join(import.meta.dirname, '..', '..', 'fixtures', 'htcondor', `analyze_${name}.txt`), 'utf8');

/** A pool of 4 slots. */
const summary = (rejected: number, refusing: number, own: number, others: number, able: number): string =>
  `001.000:  Run analysis summary ignoring user priority.  Of 4 machines,
      ${rejected} are rejected by your job's requirements
      ${refusing} reject your job because of their own requirements
      ${own} match and are already running your jobs
      ${others} match but are serving other users
      ${able} are able to run your job
`;

describe('why a job waits, from condor_q -better-analyze', () => {
  it('is a pool without slots', () => {
    expect(reasonIn(text('no_slots'), '7')).toBe('the HTCondor pool has no slot at this moment, so job 7 waits');
  });

  it('is a condition that no slot meets, with the values of the job', () => {
    expect(reasonIn(text('impossible'), '7')).toBe(
      'none of the HTCondor pool’s slots (2) meets what job 7 requires: TARGET.Memory >= RequestMemory (RequestMemory is 99999 (mb))',
    );
  });

  it('is that the slots serve others', () => {
    expect(reasonIn(text('refused'), '7')).toBe(
      '2 slots of the HTCondor pool could run job 7, but take no jobs of this user now (START)',
    );
    expect(reasonIn(summary(1, 0, 0, 3, 0), '7')).toContain('serve other users (3)');
  });

  it('is the negotiator where slots are free', () => {
    expect(reasonIn(summary(1, 1, 0, 0, 2), '7')).toContain(
      '2 slots of the HTCondor pool could run job 7: the negotiator',
    );
  });

  it('is not known where the own jobs have all slots', () => {
    expect(reasonIn(summary(0, 0, 4, 0, 0), '7')).toBeUndefined();
  });
});
