import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { FoundObject } from '../../../validation/histograms/model.ts';
import { objectsIn } from './objects.ts';

const EXAMPLE = join(import.meta.dirname, '../../../makeflows/examples/gpmc');
const RECORDS = `# Stand-in: records of a test
count events 250
count tracks 5123
title pt p_{T} (GeV/c)
histogram pt 5 0 4 10 200.5 300 20 1
histogram2 pt_eta 3 0 3 2 -1 1 1 2 3 4 5 6
profile bias 3 0 3 10 0.5 0.1 20 -1.25 0.3 0 0 0
entry trend 1 2
`;

const dir = mkdtempSync(join(tmpdir(), 'relval-standin-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
for (const name of ['standin_root.sh', 'standin_root.awk', 'standin_root_classes.txt', 'standin_merge.awk']) {
  copyFileSync(join(EXAMPLE, name), join(dir, name));
}
const shell = (script: string): string =>
  execFileSync('bash', ['-ec', `source ./standin_root.sh; ${script}`], {
    cwd: dir,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, LC_ALL: 'C' },
  });

it("writes ROOT files that are read, with the stand-in's numbers, and reads its own records back", async () => {
  writeFileSync(join(dir, 'records.txt'), RECORDS);
  shell('root_file records.txt out.root');
  const found = await objectsIn(join(dir, 'out.root'));
  expect([...found].map(([name, { className }]) => [name, className])).toEqual([
    ['QA/pt', 'TH1F'],
    ['QA/pt_eta', 'TH2F'],
    ['QA/bias', 'TProfile'],
    ['counts', 'TH1F'],
  ]);
  expect(numbers(found.get('QA/pt'))).toEqual({
    axes: [{ bins: 5, low: 0, high: 4, title: 'p_{T} (GeV/c)' }],
    content: [0, 10, 200.5, 300, 20, 1, 0],
    entries: 531.5,
  });
  expect(numbers(found.get('QA/pt_eta')).content).toEqual([0, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 0, 0, 0]);
  expect(numbers(found.get('counts')).axes[0]?.labels).toEqual(
    new Map([
      [1, 'events'],
      [2, 'tracks'],
    ]),
  );
  const profile = found.get('QA/bias')?.what;
  expect(profile).toMatchObject({ quantity: { kind: 'profile', entries: 30 } });
  if (!profile || !('quantity' in profile) || profile.quantity.kind !== 'profile') throw new Error('no profile');
  expect([...Array.from(profile.quantity.sumWY)]).toEqual([0, 0.5, -1.25, 0, 0]);
  expect([...Array.from(profile.quantity.sumWY2)]).toEqual([0, 0.1, 0.3, 0, 0]);
  expect(shell('records out.root')).toBe(RECORDS);
  expect(statSync(join(dir, 'out.root')).size).toBeLessThan(20_000);
});

it('merges them by adding up', async () => {
  writeFileSync(join(dir, 'records.txt'), RECORDS);
  shell('root_file records.txt a.root; cp a.root b.root; merge test merged.root a.root b.root');
  const found = await objectsIn(join(dir, 'merged.root'));
  expect(numbers(found.get('QA/pt')).content).toEqual([0, 20, 401, 600, 40, 2, 0]);
  expect(numbers(found.get('counts')).content).toEqual([0, 500, 10_246, 0]);
  expect(readFileSync(join(dir, 'merged.root'), 'latin1')).toContain('\n# Stand-in: records merged by test\n');
});

function numbers(object: FoundObject | undefined) {
  if (!object || !('quantity' in object.what) || object.what.quantity.kind !== 'counts') throw new Error('no counts');
  const { axes, content, entries } = object.what.quantity;
  return { axes, content: Array.from(content), entries };
}
