import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Relval, runNames, until } from './relval.ts';

/** How far a shown time may be from that at which a line was written, on a busy machine, s. */
const FAR = 8;
const relval = new Relval();
let directory: string;
let followed: string;

/** Seconds of the day in UTC. */
function secondsOf(clock: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = clock.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

/** Lines `12:34:56.7 tick N at EPOCH`, or with something between. */
function ticks(text: string): { shown: number; written: number }[] {
  return [...text.matchAll(/^(\d\d:\d\d:\d\d\.\d) (?:.*:)?tick \d+ at (\d+)$/gm)].map(([, shown = '', written]) => ({
    shown: secondsOf(shown),
    written: Number(written) % 86_400,
  }));
}

function expectTimes(found: { shown: number; written: number }[], count: number): void {
  expect(found).toHaveLength(count);
  for (const { shown, written } of found) expect(Math.abs(shown - written)).toBeLessThan(FAR);
  for (const [n, { shown }] of found.entries()) expect(shown).toBeGreaterThan(found[n - 1]?.shown ?? -1);
}

beforeAll(async () => {
  const file = join(relval.dir, 'w.yaml');
  const gate = join(relval.dir, 'gate');
  // It waits until its last line has arrived: a step that ends at once may send no more than its files.
  const command = `for i in 1 2 3 4 5; do echo "tick $i at $(date +%s)"; sleep 1; done; echo own >own.log; until [ -e ${gate} ]; do sleep 0.1; done`;
  writeFileSync(file, `name: w\nstages:\n  - { name: ticks, command: '${command}' }\n`);
  const { ended } = relval.start('run', file, '--local', '--no-check');
  const step = await until('its directory', 60, () => {
    const [name] = runNames(relval.runs);
    const path = name && join(relval.runs, name, 'steps', 'ticks', '1');
    return path && existsSync(join(path, 'stdout.log')) ? path : undefined;
  });
  directory = step;
  const following = relval.run('logs', 'last', 'ticks', '--follow', '--times');
  await until('the last line', 60, async () =>
    (await relval.run('logs', 'last', 'ticks', '--grep', 'tick 5')).stdout !== '' ? true : undefined,
  );
  writeFileSync(gate, '');
  followed = (await following).stdout;
  const { code, stdout, stderr } = await ended;
  expect(code, stdout + stderr).toBe(0);
});
afterAll(() => relval.remove());

describe('relval logs --times', () => {
  it('shows when lines came while the step ran, and the same afterwards, though its log was replaced by the final one', async () => {
    const { stdout, stderr } = await relval.run('logs', 'last', 'ticks', '--times');
    expect(stderr).toContain('ticks, attempt 1: ');
    expectTimes(ticks(stdout), 5);
    expect(ticks(followed)).toEqual(ticks(stdout));
    expect(statSync(join(directory, 'stdout.log.times')).size).toBeLessThan(12 * 12);
    const plain = (await relval.run('logs', 'last', 'ticks')).stdout;
    expect(stdout.replace(/^\d\d:\d\d:\d\d\.\d /gm, '')).toBe(plain);
  });

  it('goes with --grep and --tail, and --json has ms since 1970', async () => {
    const all = ticks((await relval.run('logs', 'last', 'ticks', '--times')).stdout);
    const grep = await relval.run('logs', 'last', 'ticks', '--times', '--grep', 'tick [23]');
    expectTimes(ticks(grep.stdout), 2);
    expect(ticks(grep.stdout)).toEqual(all.slice(1, 3));
    const tail = await relval.run('logs', 'last', '--times', '--grep', 'tick', '--tail', '2', '--file', 'stdout.log');
    expect(tail.stdout).toMatch(/^\d\d:\d\d:\d\d\.\d ticks\/stdout\.log:\d+:tick 4 at/);
    expectTimes(ticks(tail.stdout), 2);
    const last = await relval.run('logs', 'last', 'ticks', '--times', '--tail', '1');
    expect(ticks(last.stdout)).toEqual(all.slice(4));
    const found = JSON.parse((await relval.run('logs', 'last', 'ticks', '--grep', 'tick 3', '--json')).stdout);
    expect(found).toMatchObject([{ step: 'ticks', file: 'stdout.log', text: expect.stringMatching(/^tick 3/) }]);
    expect(new Date(found[0].time).toISOString().slice(11, 21)).toBe(
      /^(\S+) tick 3/m.exec((await relval.run('logs', 'last', 'ticks', '--times')).stdout)?.[1],
    );
  });

  it('has none of a log that came whole, or whose times are gone, and says so', async () => {
    const own = await relval.run('logs', 'last', 'ticks', '--times', '--file', 'logs/own.log');
    expect(own.stdout).toBe('own\n');
    expect(own.stderr).toContain('the times of the lines of logs/own.log are not known');
    rmSync(join(directory, 'stdout.log.times'));
    const { code, stdout, stderr } = await relval.run('logs', 'last', 'ticks', '--times');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^tick 1 at/m);
    expect(stderr).toContain('the times of the lines of stdout.log are not known');
    const found = JSON.parse((await relval.run('logs', 'last', 'ticks', '--grep', 'tick 3', '--json')).stdout);
    expect(found).toHaveLength(1);
    expect(found[0]).not.toHaveProperty('time');
  });
});
