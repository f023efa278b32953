import { describe, expect, it } from 'vitest';
import { refusedSubmission } from '../../../validation/makeflow/refused-submission.ts';

/** Makeflow 7.14.5 with condor_submit 23.9.6. */
const SAID = [
  'Unable to detect CPUs, falling back to 1',
  '',
  'ERROR: MAX_JOBS_SUBMITTED exceeded. Current=0, Limit=0',
  'Number of submitted jobs would exceed MAX_JOBS_SUBMITTED',
  "couldn't submit batch job, still trying...",
];

describe('a submission that fails', () => {
  it('is told with what condor_submit says', () => {
    const expected =
      'makeflow cannot submit a job, and tries again: MAX_JOBS_SUBMITTED exceeded. Current=0, Limit=0; Number of submitted jobs would exceed MAX_JOBS_SUBMITTED';
    expect(refusedSubmission(SAID)).toBe(expected);
    expect(refusedSubmission([...SAID, ...SAID.slice(1), 'more'])).toBe(expected);
  });

  it('is told where nothing is said, and is not made up', () => {
    expect(refusedSubmission(SAID.slice(-1))).toContain('does not say why');
    expect(refusedSubmission(SAID.slice(0, -1))).toBeUndefined();
  });
});
