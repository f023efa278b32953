import { expect, it } from 'vitest';
import { leastWorker } from '../../../../validation/runs/local/local.ts';
import { coresWithin, localOffer, whatDoesNotFit } from '../../../../validation/runs/local/offer.ts';
import type { Resources } from '../../../../validation/workflow/plan.ts';
import { makePlan, makeStage, makeStep } from '../../plans.ts';

const LEAST = { memory: 1024, disk: 1024 };
const OFFER = { cpus: 2, memory: 4000, disk: 9000, gpus: 0 };

function said(resources: Resources, offer = OFFER): string | undefined {
  return whatDoesNotFit(makePlan([makeStep(makeStage('sim', { resources }), 1)]), offer, LEAST);
}

it('a step that needs more than this machine offers is reported with both numbers', () => {
  expect(said({ cores: 2, memory: 4000, disk: 9000 })).toBeUndefined();
  expect(said({ cores: 3, memory: 1, disk: 1 })).toBe(
    'stage sim needs 3 cores, but this machine offers 2 (--local-cpus)',
  );
  expect(said({ cores: 1, memory: 1, disk: 1, gpus: 2 })).toBe(
    'stage sim needs 2 GPUs, but this machine offers 0 (--local-gpus)',
  );
  expect(said({ cores: 1, memory: 4001, disk: 1 })).toMatch(
    /^stage sim needs a worker with .* memory, but this machine offers/,
  );
  expect(said({ cores: 1, memory: 1, disk: 9001 })).toMatch(/^stage sim needs a worker with .* of disk, but only/);
});

it('a worker is not smaller than the least, however little a step needs', () => {
  expect(said({ cores: 1, memory: 1, disk: 1 }, { ...OFFER, memory: 1000 })).toContain('memory');
  expect(said({ cores: 1, memory: 1, disk: 1 }, { ...OFFER, disk: 600 })).toContain('disk');
});

it("the user's values count; the others are this machine's", () => {
  expect(localOffer({ localCpus: 7, localMemory: 9 }, '/tmp')).toMatchObject({ cpus: 7, memory: 9 });
  const own = localOffer({}, '/tmp');
  expect(own.cpus).toBeGreaterThan(0);
  expect(own.memory).toBeGreaterThan(0);
});

it('the cores are limited by the quota of control groups, by the processes that may be started, and by the files that may be open', () => {
  expect(coresWithin(8, {}, 1024)).toBe(8);
  expect(coresWithin(8, { cpus: 2.5 }, 1024)).toBe(3);
  expect(coresWithin(8, { cpus: 0.1 }, 1024)).toBe(1);
  expect(coresWithin(8, { processes: 120 }, 1024)).toBe(4);
  expect(coresWithin(8, { processes: 3 }, 1024)).toBe(1);
  expect(coresWithin(16, {}, 128)).toBe(13);
  expect(coresWithin(16, {}, 24)).toBe(1);
});

it('the smallest worker asks for no more disk than the smallest stage does', () => {
  const planOf = (...disks: number[]) =>
    makePlan(disks.map((disk, n) => makeStep(makeStage(`s${n}`, { resources: { cores: 1, memory: 50, disk } }), 1)));
  expect(leastWorker(planOf(3000, 10))).toEqual({ memory: 1024, disk: 10 });
  expect(leastWorker(planOf(3000))).toEqual({ memory: 1024, disk: 1024 });
});
