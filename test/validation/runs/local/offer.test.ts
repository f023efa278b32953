import { expect, it } from 'vitest';
import { localOffer, whatDoesNotFit } from '../../../../validation/runs/local/offer.ts';
import { makePlan, makeStage, makeStep } from '../../plans.ts';

const LEAST = { memory: 1024, disk: 1024 };
const OFFER = { cpus: 2, memory: 4000, disk: 9000 };

function said(resources: { cores: number; memory: number; disk: number }, offer = OFFER): string | undefined {
  return whatDoesNotFit(makePlan([makeStep(makeStage('sim', { resources }), 1)]), offer, LEAST);
}

it('a step that needs more than this machine gives is told with both numbers', () => {
  expect(said({ cores: 2, memory: 4000, disk: 9000 })).toBeUndefined();
  expect(said({ cores: 3, memory: 1, disk: 1 })).toBe(
    'stage sim needs 3 cores, but this machine offers 2 (--local-cpus)',
  );
  expect(said({ cores: 1, memory: 4001, disk: 1 })).toMatch(
    /^stage sim needs a worker with .* of memory, but this machine offers/,
  );
  expect(said({ cores: 1, memory: 1, disk: 9001 })).toMatch(/^stage sim needs a worker with .* of disk, but only/);
});

it('a worker is not smaller than the least, however little a step needs', () => {
  expect(said({ cores: 1, memory: 1, disk: 1 }, { ...OFFER, memory: 1000 })).toContain('memory');
  expect(said({ cores: 1, memory: 1, disk: 1 }, { ...OFFER, disk: 600 })).toContain('disk');
});

it('what the user gives counts; the rest is this machine’s', () => {
  expect(localOffer({ cpus: 7, memory: 9 }, '/tmp')).toMatchObject({ cpus: 7, memory: 9 });
  const own = localOffer({}, '/tmp');
  expect(own.cpus).toBeGreaterThan(0);
  expect(own.memory).toBeGreaterThan(0);
});
