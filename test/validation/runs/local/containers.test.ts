import { expect, it } from 'vitest';
import { containerPool, type LocalContainers } from '../../../../validation/runs/local/containers.ts';

it("workers in containers see the user's volumes, the outputs, and the password, which they cannot change", () => {
  const given = { hostPath: '/cvmfs', containerPath: '/cvmfs', mode: 'RO' } as const;
  const containers: LocalContainers = {
    program: 'docker',
    image: 'slc6:1',
    volumes: [given],
    outputs: ['/runs/r/out'],
  };
  expect(containerPool(containers, '/runs/r/local/password')).toEqual({
    image: 'slc6:1',
    volumes: [
      given,
      { hostPath: '/runs/r/out', containerPath: '/runs/r/out', mode: 'RW' },
      { hostPath: '/runs/r/local/password', containerPath: '/runs/r/local/password', mode: 'RO' },
    ],
  });
});
