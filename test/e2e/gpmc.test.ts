import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventsOf, GPMC, Relval, runNames, until } from './relval.ts';

const STEPS = [
  'sim0001',
  'sim0002',
  'sim0003',
  'sim0004',
  'sim0005',
  'simResMerge',
  'simQaMerge',
  'simQaPlots',
  'mergeValidationReportsMC',
];

/** Steps that take no longer than they must. */
const AT_ONCE = ['--set', 'RELVAL_DEMO_SECONDS=0'];
/** Only two steps, which last long enough to be caught in the middle. */
const TWO_LONG_STEPS = ['--stop-at', 'sim', '--set', 'Split=production:1-2', '--set', 'RELVAL_DEMO_SECONDS=8'];

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

/** Waits until a step runs on a worker, and returns the worker processes of that moment. */
async function workersOf(step: string) {
  const directory = await until('the run directory', 20, () => {
    const [name] = runNames(relval.runs);
    return name && existsSync(join(relval.runs, name, 'events.ndjson')) ? join(relval.runs, name) : undefined;
  });
  await until(
    `${step} to run`,
    30,
    () => eventsOf(directory).some((event) => event.type === 'step-running' && event.step === step) || undefined,
  );
  return { directory, workers: relval.processes().filter(({ command }) => command.startsWith('work_queue_worker')) };
}

describe('the example validation on this machine', () => {
  it('passes: nine steps, every log kept, a report, nothing left running', async () => {
    const { code, stdout, stderr } = await relval.run('run', GPMC, '--local');
    expect(code, stdout + stderr).toBe(0);
    const { directory, status, totals } = await relval.onlyRun();
    expect(status).toBe('passed');
    expect(totals).toMatchObject({ steps: 9, succeeded: 9 });
    expect(relval.processes()).toEqual([]);
    // A worker that is lost on the way is no fault of the release: the last attempt counts.
    const lastAttempt = (step: string): string =>
      join(
        directory,
        'steps',
        step,
        readdirSync(join(directory, 'steps', step))
          .sort()
          .at(-1) as string,
      );
    for (const step of STEPS) {
      const dir = lastAttempt(step);
      expect(existsSync(join(dir, 'stderr.log')), step).toBe(true);
      expect(statSync(join(dir, 'stdout.log')).size, step).toBeGreaterThan(0);
      expect(JSON.parse(readFileSync(join(dir, 'result.json'), 'utf8'))).toMatchObject({
        step,
        exitStatus: 0,
        phase: 'done',
      });
    }
    expect(existsSync(join(lastAttempt('sim0001'), 'logs', 'rec.log'))).toBe(true);
    const report = JSON.parse(readFileSync(join(directory, 'report', 'report.json'), 'utf8'));
    expect(report.verdict).toBe('passed');
    expect(report.findings.filter(({ severity }: { severity: string }) => severity !== 'info')).toEqual([]);
    expect(readFileSync(join(directory, 'report', 'index.html'), 'utf8')).toContain('passed');
    expect(readFileSync(join(directory, 'report', 'validation_report_full.txt'), 'utf8')).toBe('');
    expect(readdirSync(join(directory, 'output'))).toContain('0003');

    const logs = await relval.run('logs', 'last', 'sim0002');
    expect(logs.stdout).toBe(readFileSync(join(lastAttempt('sim0002'), 'stdout.log'), 'utf8'));
    const text = await relval.run('status');
    expect(text.stdout).toContain('passed');
  });

  it('fails on a known error: the report names step, file, line and message, and the other steps ran', async () => {
    const { code, stdout } = await relval.run('run', GPMC, '--local', '--set', 'RELVAL_DEMO_FAIL=3', ...AT_ONCE);
    expect(code).toBe(1);
    const { directory } = await relval.onlyRun();
    const report = JSON.parse(readFileSync(join(directory, 'report', 'report.json'), 'utf8'));
    expect(report.verdict).toBe('failed');
    const found = report.findings.find(
      (finding: { step: string; line?: number }) => finding.step === 'sim0003' && finding.line,
    );
    const line = readFileSync(join(directory, 'steps', 'sim0003', '1', found.file), 'utf8').split('\n')[found.line - 1];
    expect(line).toContain(found.message);
    expect(readFileSync(join(directory, 'report', 'validation_report_full.txt'), 'utf8')).toContain(
      `sim0003/${found.file}:${found.line}:`,
    );
    expect(stdout).toContain(`${found.file}:${found.line}`);
    expect(stdout.trimEnd()).toMatch(/\nlogs: {3}\S+ logs \S+ sim0003 --file logs\/rec\.log$/);
    for (const step of STEPS) expect(existsSync(join(directory, 'steps', step, '1', 'result.json')), step).toBe(true);
    const states = Object.fromEntries(report.steps.map(({ id, state }: { id: string; state: string }) => [id, state]));
    expect(states).toMatchObject({
      sim0001: 'succeeded',
      sim0003: 'failed',
      sim0005: 'succeeded',
      simQaPlots: 'succeeded',
    });
  });

  it('passes although a worker is killed in the middle of a step: another is launched for it', async () => {
    const { ended } = relval.start('run', GPMC, '--local', ...TWO_LONG_STEPS);
    const { directory, workers } = await workersOf('sim0001');
    const victim = workers[0];
    expect(victim).toBeDefined();
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    const { code, stdout } = await ended;
    expect(code, stdout).toBe(0);
    const events = eventsOf(directory);
    const requeued = events.find((event) => event.type === 'step-requeued');
    expect(requeued).toBeDefined();
    const log = readFileSync(join(directory, 'local', 'framework.log'), 'utf8');
    const launched = log
      .split('\n')
      .filter((line) => line.includes('worker launched'))
      .map((line) => Date.parse(JSON.parse(line).time));
    expect(launched.some((time) => time >= (requeued?.time ?? Number.POSITIVE_INFINITY) - 2000)).toBe(true);
    expect(relval.processes()).toEqual([]);
  });

  it('stops on Ctrl-C in the middle of its steps with status 130, leaves nothing running, and can be resumed', async () => {
    const { child, ended } = relval.start('run', GPMC, '--local', ...TWO_LONG_STEPS);
    const { directory } = await workersOf('sim0001');
    child.kill('SIGINT');
    const { code } = await ended;
    expect(code).toBe(130);
    const ends = eventsOf(directory).flatMap((event) => (event.type === 'step-ended' ? event.state : []));
    expect(ends).toEqual(['aborted', 'aborted']);
    expect(relval.processes()).toEqual([]);
    expect((await relval.run('status')).stdout).toContain('interrupted');

    const resumed = await relval.run('resume', 'last');
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
    expect(eventsOf(directory).at(-1)).toMatchObject({ type: 'ended', verdict: 'passed' });
  });

  it('is shown as interrupted when its process is killed, with nothing left running, and goes on where it was', async () => {
    const { child, ended } = relval.start(
      ...['run', GPMC, '--local', '--local-cpus', '2', '--stop-at', 'sim', '--set', 'RELVAL_DEMO_SECONDS=2'],
    );
    const { directory } = await workersOf('sim0003');
    const successes = () =>
      eventsOf(directory).filter((event) => event.type === 'step-ended' && event.state === 'succeeded');
    await until('the end of a step', 10, () => successes().length > 0 || undefined);
    child.kill('SIGKILL');
    await ended;
    expect((await relval.run('status')).stdout).toContain('interrupted');
    await until('everything to end', 20, () => relval.processes().length === 0 || undefined);
    const done = successes();

    const resumed = await relval.run('resume', 'last');
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
    for (const event of done) {
      if (event.type !== 'step-ended') continue;
      expect(readdirSync(join(directory, 'steps', event.step))).toEqual([String(event.attempt)]);
    }
  });

  it('writes Makeflow files that plain makeflow runs by hand', async () => {
    const out = join(relval.dir, 'generated');
    const { code, stderr } = await relval.run('generate', GPMC, '-o', out, ...AT_ONCE);
    expect(code, stderr).toBe(0);
    const makeflow = (readdirSync(out).find((name) => name.startsWith('Makeflow.')) as string) ?? '';
    execFileSync('makeflow', [makeflow], {
      cwd: out,
      env: { ...process.env, OMPI_MCA_ess_singleton_isolated: '1' },
      stdio: 'pipe',
    });
    for (const step of STEPS) {
      expect(JSON.parse(readFileSync(join(out, `${step}.result.json`), 'utf8')), step).toMatchObject({
        phase: 'done',
        exitStatus: 0,
      });
    }
  });
});
