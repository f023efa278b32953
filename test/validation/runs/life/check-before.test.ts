import { expect, it } from 'vitest';
import { checkPlan } from '../../../../validation/runs/life/check-before.ts';
import { makePlan, makeStage, makeStep } from '../../plans.ts';

it('a check of this machine fails when a stage needs more than it offers, in the words of the run', async () => {
  const resources = { cores: 3, memory: 1, disk: 1 };
  const plan = makePlan([makeStep(makeStage('sim', { resources }), 1)]);
  const machine = async (localCpus: number) => {
    const options = { proxyDays: 7, frameworks: [], fast: false, say: () => undefined };
    const checks = await checkPlan(plan, {}, { ...options, machine: { localCpus, directory: '/tmp/no/such' } });
    return checks.find(({ name }) => name === 'machine');
  };
  expect(await machine(2)).toMatchObject({
    state: 'failed',
    found: 'stage sim needs 3 cores, but this machine offers 2 (--local-cpus)',
  });
  expect(await machine(3)).toMatchObject({ state: 'ok' });
});
