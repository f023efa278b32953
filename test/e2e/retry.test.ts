import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventsOf, Relval } from './relval.ts';

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

/** `first` fails until the file `mended` is there. `second` needs its output, `third` needs nothing. */
async function runThatFails(): Promise<string> {
  const file = join(relval.dir, 'w.yaml');
  const mended = join(relval.dir, 'mended');
  writeFileSync(
    file,
    `name: w
stages:
  - { name: first, command: '[ -e ${mended} ] && echo made > made.txt', outputs: [made.txt] }
  - { name: second, after: [first], command: 'cat made.txt', inputs: [{ made: made.txt, of: first }] }
  - { name: third, command: 'echo third' }
`,
  );
  const { code, stdout, stderr } = await relval.run('run', file, '--local', '--no-check');
  expect(code, stdout + stderr).toBe(1);
  return (await relval.onlyRun()).directory;
}

const attemptsOf = (run: string, step: string): string[] => readdirSync(join(run, 'steps', step)).sort();

describe('retry', () => {
  it('runs a step and those behind it again, leaves the others, and judges the run again', async () => {
    const run = await runThatFails();
    writeFileSync(join(relval.dir, 'mended'), '');
    const { code, stdout, stderr } = await relval.run('retry', 'last', 'first');
    expect(code, stdout + stderr).toBe(0);
    expect((await relval.onlyRun()).status).toBe('passed');
    expect(attemptsOf(run, 'first')).toEqual(['1', '2']);
    expect(
      readFileSync(join(run, 'steps', 'second', attemptsOf(run, 'second').at(-1) as string, 'stdout.log'), 'utf8'),
    ).toContain('\nmade\n');
    expect(attemptsOf(run, 'third')).toEqual(['1']);
    const report = JSON.parse(readFileSync(join(run, 'report', 'report.json'), 'utf8'));
    expect(report.steps.map(({ id, state }: { id: string; state: string }) => [id, state])).toEqual([
      ['first', 'succeeded'],
      ['second', 'succeeded'],
      ['third', 'succeeded'],
    ]);
    expect(eventsOf(run).filter(({ type }) => type === 'ended')).toHaveLength(2);
  });

  it('of all steps that did not succeed: it fails again where nothing was mended', async () => {
    const run = await runThatFails();
    const { code } = await relval.run('retry', 'last', '--failed');
    expect(code).toBe(1);
    expect(attemptsOf(run, 'first')).toEqual(['1', '2']);
    expect(attemptsOf(run, 'third')).toEqual(['1']);
  });

  it('--failed also runs steps that failed by errors in their logs; the history takes none of them for flaky', async () => {
    const [file, mended] = ['w.yaml', 'mended'].map((name) => join(relval.dir, name)) as [string, string];
    writeFileSync(
      file,
      `name: w
stages:
  - { name: first, command: '[ -e ${mended} ] || echo "std::bad_alloc"; echo done' }
  - { name: second, after: [first], command: 'echo second' }
  - { name: third, command: 'echo third' }
`,
    );
    expect((await relval.run('run', file, '--local', '--no-check')).code).toBe(1);
    writeFileSync(mended, '');
    const { code, stdout, stderr } = await relval.run('retry', 'last', '--failed');
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).not.toContain('tried again');
    const run = (await relval.onlyRun()).directory;
    expect(['first', 'second', 'third'].map((step) => attemptsOf(run, step).length)).toEqual([2, 2, 1]);
    const report = JSON.parse(readFileSync(join(run, 'report', 'report.json'), 'utf8'));
    expect(report.steps).toMatchObject([{ attempts: 2, repeated: 1 }, { attempts: 2, repeated: 1 }, { attempts: 1 }]);
    const history = JSON.parse((await relval.run('trend', 'w', '--json')).stdout);
    expect(history.nights[0].stages.map(({ retried }: { retried: number }) => retried)).toEqual([0, 0, 0]);
  });

  it('of a step that decides how many steps a stage has: the new number of them runs', async () => {
    const [file, bins] = ['w.yaml', 'bins'].map((name) => join(relval.dir, name));
    writeFileSync(bins as string, 'a\nb\n');
    writeFileSync(
      file as string,
      `name: w
stages:
  - { name: bins, command: 'cat ${bins} > bins.txt' }
  - { name: pass, after: [bins], each: { lines: bins.txt, of: bins }, command: 'echo pass "$@"' }
`,
    );
    expect((await relval.run('run', file as string, '--local', '--no-check')).code).toBe(0);
    writeFileSync(bins as string, 'b\nc\nd\n');
    const { code, stdout, stderr } = await relval.run('retry', 'last', 'bins');
    expect(code, stdout + stderr).toBe(0);
    const run = (await relval.onlyRun()).directory;
    const report = JSON.parse(readFileSync(join(run, 'report', 'report.json'), 'utf8'));
    expect(report.steps.map(({ id, attempts }: { id: string; attempts: number }) => [id, attempts])).toEqual([
      ['bins', 2],
      ['pass0000', 2],
      ['pass0001', 2],
      ['pass0002', 1],
    ]);
    expect(readFileSync(join(run, 'steps', 'pass0000', '2', 'stdout.log'), 'utf8')).toContain('\npass b\n');
  });

  /** What the parts of relval say of a run: steps by their states. */
  function counts(run: string): Record<string, number> {
    const { steps, totals } = JSON.parse(readFileSync(join(run, 'report', 'report.json'), 'utf8'));
    const record = JSON.parse(readFileSync(join(run, 'run.json'), 'utf8'));
    return { report: totals.steps, listed: steps.length, record: record.totals.steps };
  }

  it('leaves no step behind that is not planned any more', async () => {
    const [file, bins] = ['w.yaml', 'bins'].map((name) => join(relval.dir, name)) as [string, string];
    writeFileSync(bins, 'a\nb\nc\n');
    writeFileSync(
      file,
      `name: w
stages:
  - { name: bins, command: 'cat ${bins} > bins.txt' }
  - { name: pass, after: [bins], each: { lines: bins.txt, of: bins }, command: 'echo pass "$@"' }
  - { name: last, after: [pass], command: 'echo last' }
`,
    );
    expect((await relval.run('run', file, '--local', '--no-check')).code).toBe(0);
    writeFileSync(bins, 'b\n');
    expect((await relval.run('retry', 'last', 'bins')).code).toBe(0);
    const run = (await relval.onlyRun()).directory;
    expect(counts(run)).toMatchObject({ report: 3, listed: 3, record: 3 });
    expect((await relval.run('status', 'last')).stdout).toMatch(/pass +1\/1/);
  });

  it('that is stopped or killed in the middle counts no step that was to run again; resume does the rest', async () => {
    const [file, gate] = ['w.yaml', 'gate'].map((name) => join(relval.dir, name)) as [string, string];
    writeFileSync(gate, '');
    writeFileSync(
      file,
      `name: w
stages:
  - { name: first, command: 'while [ ! -e ${gate} ]; do sleep 0.2; done; echo made > made.txt', outputs: [made.txt] }
  - { name: second, after: [first], command: 'cat made.txt', inputs: [{ made: made.txt, of: first }] }
  - { name: third, command: 'echo third' }
`,
    );
    expect((await relval.run('run', file, '--local', '--no-check')).code).toBe(0);
    const run = (await relval.onlyRun()).directory;
    const waitFor = (what: () => boolean) => expect.poll(what, { timeout: 30_000, interval: 100 }).toBe(true);
    const runs = (attempt: number) => () =>
      eventsOf(run).some(
        (event) => event.type === 'step-running' && event.step === 'first' && event.attempt === attempt,
      );

    rmSync(gate);
    const stopped = relval.start('retry', 'last', 'first');
    await waitFor(runs(2));
    stopped.child.kill('SIGTERM');
    expect((await stopped.ended).code).not.toBe(0);
    const report = JSON.parse(readFileSync(join(run, 'report', 'report.json'), 'utf8'));
    expect(report.verdict).toBe('interrupted');
    expect(report.steps.map(({ id, state }: { id: string; state: string }) => [id, state])).toEqual([
      ['first', 'aborted'],
      ['second', 'waiting'],
      ['third', 'succeeded'],
    ]);

    const killed = relval.start('resume', 'last');
    await waitFor(runs(3));
    killed.child.kill('SIGKILL');
    await killed.ended;
    writeFileSync(gate, '');
    const { code, stdout, stderr } = await relval.run('resume', 'last');
    expect(code, stdout + stderr).toBe(0);
    expect(attemptsOf(run, 'second')).toEqual(['1', '2']);
    expect(attemptsOf(run, 'third')).toEqual(['1']);
    expect(counts(run)).toMatchObject({ report: 3, listed: 3, record: 3 });
  });

  it('is refused for steps that are not there, for accepted runs, and where all steps succeeded', async () => {
    const run = await runThatFails();
    const before = readFileSync(join(run, 'run.json'), 'utf8');
    const unknown = await relval.run('retry', 'last', 'fourth');
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('has no step fourth; its steps are first, second, third');
    expect((await relval.run('retry', 'last')).stderr).toContain('give either names of steps or --failed');
    expect(readFileSync(join(run, 'run.json'), 'utf8')).toBe(before);

    await relval.run('accept', 'last', '--note', 'known', '--by', 'Ann');
    const accepted = await relval.run('retry', 'last', 'first');
    expect(accepted.code).toBe(2);
    expect(accepted.stderr).toContain('is accepted as good by Ann');
    expect(attemptsOf(run, 'first')).toEqual(['1']);

    await relval.run('accept', 'last', '--withdraw');
    writeFileSync(join(relval.dir, 'mended'), '');
    expect((await relval.run('retry', 'last', '--failed')).code).toBe(0);
    const good = await relval.run('retry', 'last', '--failed');
    expect(good.code).toBe(2);
    expect(good.stderr).toContain('has no step that did not succeed');
  });

  it('and list and status have a step that failed by its log only among those that failed', async () => {
    const file = join(relval.dir, 'w.yaml');
    const stages = [
      { name: 'noisy', command: 'echo "E-ProcessOutput: no histogram"' },
      { name: 'fine', command: 'true' },
    ];
    writeFileSync(file, JSON.stringify({ name: 'w', stages }));
    expect((await relval.run('run', file, '--local', '--no-check')).code).toBe(1);
    expect((await relval.onlyRun()).totals).toMatchObject({ steps: 2, succeeded: 1, failed: 1 });
    const { stages: shown, counts } = JSON.parse((await relval.run('status', '--json')).stdout);
    expect(counts).toMatchObject({ succeeded: 1, failed: 1 });
    expect(shown[0]).toMatchObject({ name: 'noisy', counts: { failed: 1 } });
  });
});
