import { describe, expect, it } from 'vitest';
import { batchOptions, submitLines } from '../../../validation/htcondor/submission.ts';

const RUN = { mark: 'run-1-abc', batchName: 'relval-run-1', keepsClaims: true };

describe('lines of a submit file', () => {
  it('keep the environment of makeflow out of the job, and name what comes back', () => {
    const lines = submitLines(RUN);
    expect(lines).toContain('getenv = false');
    expect(lines).toContain('transfer_output_files = $ENV(RELVAL_OUTPUTS)');
    expect(lines).toContain('+RelvalRun = "run-1-abc"');
    expect(lines.join('\n')).not.toContain('universe');
  });

  it('keep claims for the next step, but not on slots that are divided', () => {
    expect(submitLines(RUN)).toContain('keep_claim_idle = 10');
    expect(submitLines({ ...RUN, keepsClaims: false })).toContain('keep_claim_idle = 0');
  });

  it.each([
    ['alice/slc6:2', 'docker://alice/slc6:2'],
    ['docker://registry.example/a', 'docker://registry.example/a'],
    ['/cvmfs/images/slc6', '/cvmfs/images/slc6'],
    ['slc6.sif', 'slc6.sif'],
  ])('ask for a container of %s', (image, address) => {
    expect(submitLines({ ...RUN, image })).toEqual(
      expect.arrayContaining(['universe = container', `container_image = ${address}`]),
    );
  });

  it.each(['a"b', 'a b', 'a\nb', 'a\\b'])('are refused with a value like %j', (image) => {
    expect(() => submitLines({ ...RUN, image })).toThrow(RangeError);
  });

  it('are one argument of makeflow, which knows backslash codes', () => {
    expect(batchOptions(['a = 1', 'b = \\x'])).toBe('a = 1\\nb = \\\\x\\n');
  });
});
