import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunEvent } from '../../validation/runs/store/events.ts';
import { eventsOf, Relval, runNames, until } from './relval.ts';

let relval: Relval;
beforeEach(() => {
  relval = new Relval();
});
afterEach(() => relval.remove());

function workflow(stages: string): string {
  const file = join(relval.dir, 'w.yaml');
  writeFileSync(file, `name: w\nstages:\n${stages}`);
  return file;
}

/** The one run's directory, once there is one. */
const directory = (): Promise<string> =>
  until('a run directory', 20, () => {
    const [name] = runNames(relval.runs);
    const path = name && join(relval.runs, name);
    return path && existsSync(join(path, 'events.ndjson')) ? path : undefined;
  });

const of = <Type extends RunEvent['type']>(run: string, type: Type) =>
  eventsOf(run).filter((event): event is Extract<RunEvent, { type: Type }> => event.type === type);

const read = (run: string, ...path: string[]): string => readFileSync(join(run, ...path), 'utf8');

/** The worker above a process. */
function workerOf(pid: number): number {
  for (let at = pid; at > 1; ) {
    if (readFileSync(`/proc/${at}/comm`, 'utf8').startsWith('work_queue_work')) return at;
    const stat = readFileSync(`/proc/${at}/stat`, 'utf8');
    at = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  }
  throw new Error(`no worker above ${pid}`);
}

describe('attempts', () => {
  it('of a step that fails twice have their logs, and the third one counts', async () => {
    const count = join(relval.dir, 'count');
    const file = workflow(`
  - name: flaky
    command: 'echo done'
    retries: 2
    jdl:
      EnvironmentCommand: 'echo x >> ${count}; echo "try $(wc -l < ${count})" >&2; [ "$(wc -l < ${count})" -ge 3 ]'
  - { name: once, command: 'echo never', retries: 0, jdl: { EnvironmentCommand: 'echo no >&2; false' } }
`);
    const { code, stdout, stderr } = await relval.run('run', file, '--local', '--no-check');
    expect(code, stdout + stderr).toBe(3);
    const run = await directory();
    for (const attempt of [1, 2, 3]) {
      expect(read(run, 'steps', 'flaky', String(attempt), 'stderr.log')).toBe(`try ${attempt}\n`);
      expect(JSON.parse(read(run, 'steps', 'flaky', String(attempt), 'result.json'))).toMatchObject({
        phase: attempt < 3 ? 'environment' : 'done',
      });
    }
    expect(readdirSync(join(run, 'steps', 'flaky'))).toEqual(['1', '2', '3']);
    // makeflow tries all rules as often; the others are refused then, which is no attempt
    expect(readdirSync(join(run, 'steps', 'once'))).toEqual(['1']);
    const ends = of(run, 'step-ended').map(({ step, attempt, state, retried }) => [step, attempt, state, retried]);
    expect(ends.filter(([step]) => step === 'flaky')).toEqual([
      ['flaky', 1, 'broken', true],
      ['flaky', 2, 'broken', true],
      ['flaky', 3, 'succeeded', false],
    ]);
    expect(ends.filter(([step]) => step === 'once')).toEqual([['once', 1, 'broken', false]]);
  });

  it('of a step whose worker is killed are two: the first has its log up to the kill', async () => {
    const pid = join(relval.dir, 'pid');
    const file = workflow(`
  - name: lost
    command: 'echo "line of $$"; [ -e ${pid} ] && exit; echo $$ > ${pid}; sleep 300'
`);
    const { ended } = relval.start('run', file, '--local', '--no-check');
    const run = await directory();
    await until('the first line', 30, () => {
      const log = join(run, 'steps', 'lost', '1', 'stdout.log');
      return (existsSync(pid) && existsSync(log) && readFileSync(log, 'utf8').includes('line of')) || undefined;
    });
    const first = Number(readFileSync(pid, 'utf8'));
    process.kill(workerOf(first), 'SIGKILL');
    const { code, stdout, stderr } = await ended;
    expect(code, stdout + stderr).toBe(0);
    expect(read(run, 'steps', 'lost', '1', 'stdout.log')).toContain(`line of ${first}\n`);
    expect(JSON.parse(read(run, 'steps', 'lost', '1', 'result.json'))).toMatchObject({
      message: 'its worker was lost',
      interrupted: true,
      exitStatus: null,
    });
    expect(read(run, 'steps', 'lost', '2', 'stdout.log')).not.toContain(`line of ${first}\n`);
    expect(of(run, 'step-requeued')).toMatchObject([{ step: 'lost', attempt: 1 }]);
    expect(of(run, 'step-running').map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(of(run, 'step-ended')).toMatchObject([{ attempt: 2, state: 'succeeded' }]);
    const executions = of(run, 'step-connected').map(({ execution }) => execution);
    expect(new Set(executions).size).toBe(2);
    const listed = JSON.parse((await relval.run('logs', 'last', 'lost', '--json')).stdout);
    expect(listed).toMatchObject([
      { attempt: 1, message: 'its worker was lost' },
      { attempt: 2, exitStatus: 0 },
    ]);
  });

  it('that exceed their time limit end with what they printed', async () => {
    const file = workflow(`  - { name: slow, command: 'echo begun; sleep 100', resources: { wallTime: 3 } }\n`);
    const { code, stdout } = await relval.run('run', file, '--local', '--no-check');
    expect(code, stdout).toBe(1);
    const run = await directory();
    expect(read(run, 'steps', 'slow', '1', 'stdout.log')).toContain('begun\n');
    expect(JSON.parse(read(run, 'steps', 'slow', '1', 'result.json'))).toMatchObject({ timedOut: true });
  });
});

describe('secrets', () => {
  it('reach payloads, and stand nowhere in the run', async () => {
    const secret = 'swordfish-0815-value';
    const token = join(relval.dir, 'token');
    writeFileSync(token, 'from-a-file-4711\n');
    const command = 'printf "%s\\n" "$PASS" "$TOKEN" | tee own.log; printf %s "$PASS$TOKEN" | wc -c';
    const file = workflow(`  - name: uses\n    command: '${command}'\n`);
    process.env.PASS = secret;
    try {
      const { code, stdout, stderr } = await relval.run(
        ...['run', file, '--local', '--no-check', '--secret', 'PASS', '--secret', `TOKEN=${token}`],
      );
      expect(code, stdout + stderr).toBe(0);
    } finally {
      delete process.env.PASS;
    }
    const run = await directory();
    const log = read(run, 'steps', 'uses', '1', 'stdout.log').split('\n');
    expect(log.slice(1, 4)).toEqual(['*'.repeat(secret.length), '*'.repeat(16), '36']);
    expect(read(run, 'steps', 'uses', '1', 'logs', 'own.log')).toBe(
      `${'*'.repeat(secret.length)}\n${'*'.repeat(16)}\n`,
    );
    for (const entry of readdirSync(run, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = readFileSync(join(entry.parentPath, entry.name));
      for (const value of [secret, 'from-a-file-4711']) {
        expect(bytes.includes(value), join(entry.parentPath, entry.name)).toBe(false);
      }
    }
  });

  it('that are not there are bad input', async () => {
    const file = workflow(`  - { name: a, command: 'true' }\n`);
    const { code, stderr } = await relval.run('run', file, '--local', '--secret', 'NOT_SET_ANYWHERE');
    expect(code).toBe(2);
    expect(stderr).toContain('the environment has no variable NOT_SET_ANYWHERE');
    expect(existsSync(relval.runs)).toBe(false);
  });
});
