import { describe, expect, it } from 'vitest';
import { parseSources } from '../../../framework/config/sources.ts';

const POOLS = 'pools: [{ name: a, source: htcondor }]\n';

describe('parseSources', () => {
  it('reads the pools of HTCondor, and whether any pool is for Work Queue', () => {
    expect(parseSources(`htcondor: [{ collector: 'cm:9618', schedds: [q1@s] }]\n${POOLS}`, 'f.yaml')).toEqual({
      htcondor: [{ collector: 'cm:9618', schedds: ['q1@s'] }],
      workQueue: false,
    });
    expect(parseSources('pools: [{ name: a }]', 'f.yaml')).toEqual({ htcondor: [], workQueue: true });
    expect(parseSources('', 'f.yaml')).toEqual({ htcondor: [], workQueue: true });
  });

  it.each([
    ['htcondor: [{ collector: "a b" }]', 'f.yaml:1:25: htcondor.0.collector: HOST or HOST:PORT'],
    ['htcondor: [{ collector: c, schedds: ["-x y"] }]', 'f.yaml:1:38: htcondor.0.schedds.0: a name as condor_status'],
    ['htcondor: [{ collectors: c }]', "f.yaml:1:14: htcondor.0: unknown key 'collectors'"],
    ['htcondor: []', 'f.yaml:1:1: htcondor: Too small'],
  ])('names the place of what is wrong in %s', (text, message) => {
    expect(() => parseSources(text, 'f.yaml')).toThrow(message);
  });
});
