import { expect, it } from 'vitest';
import { reasonIn } from '../../../../validation/runs/life/why-waiting.ts';

const SOON = 3000;
const LATE = 20_000;
const serving = (project: string, reason: string | null) => ({
  url: 'http://h:1',
  reachable: true,
  state: { projects: [{ project, reason }] },
});

it('is the answer of the framework of the project', () => {
  const answers = [serving('other', 'busy'), serving('mine', 'no offers')];
  expect(reasonIn('mine', answers, SOON)).toBe('no offers');
  expect(reasonIn('mine', [serving('mine', null)], LATE)).toBeUndefined();
});

it('is that no framework can be asked, after some time', () => {
  const silent = { url: 'http://h:1', reachable: false, error: 'it does not answer' };
  for (const answers of [[], [silent], [serving('other', null)]]) {
    expect(reasonIn('mine', answers, SOON)).toBeUndefined();
  }
  expect(reasonIn('mine', [], LATE)).toContain('mesos-workqueue-framework why mine');
  expect(reasonIn('mine', [silent], LATE)).toContain('http://h:1 cannot be asked why: it does not answer');
  expect(reasonIn('mine', [serving('other', null)], LATE)).toContain('does not know project mine');
});

it('is nothing where a framework of another version answers', () => {
  expect(reasonIn('mine', [{ url: 'http://h:1', reachable: true, state: { projects: 'many' } }], SOON)).toBeUndefined();
});
