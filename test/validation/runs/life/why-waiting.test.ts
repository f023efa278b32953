import { expect, it } from 'vitest';
import { ofOwner, reasonIn } from '../../../../validation/runs/life/why-waiting.ts';

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

it('is, for an owner of HTCondor’s jobs, what a framework says of this user, or that none can be asked', () => {
  const silent = { url: 'http://h:2', reachable: false, error: 'it does not answer' };
  const answers = [silent, serving('alice@pool.test', 'its pool has no passwordFile')];
  expect(ofOwner('alice@pool.test', answers)).toBe('the framework at http://h:1 says: its pool has no passwordFile');
  expect(ofOwner('bob@pool.test', answers)).toContain('http://h:2 cannot be asked');
  expect(ofOwner('bob@pool.test', answers.slice(1))).toBeUndefined();
  expect(ofOwner('bob@pool.test', [])).toBeUndefined();
});
