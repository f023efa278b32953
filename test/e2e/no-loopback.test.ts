import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLI, Relval } from './relval.ts';

/** Runs on this machine need 127.0.0.1. */

let relval: Relval;
let workflow: string;
beforeEach(() => {
  relval = new Relval();
  workflow = join(relval.dir, 'workflow.yaml');
  writeFileSync(workflow, 'name: w\nstages:\n  - { name: step, command: "true" }\n');
});
afterEach(() => relval.remove());

describe.each([
  ['is down', 'true', 'the loopback interface of this machine is down. To start it: ip link set lo up'],
  [
    'has only IPv6',
    'ip link set lo up && ip address del 127.0.0.1/8 dev lo',
    'the loopback interface of this machine has only IPv6, but --local needs 127.0.0.1. To add it: ip address add 127.0.0.1/8 dev lo',
  ],
])('a machine whose loopback interface %s is said in a sentence', (_, prepare, sentence) => {
  const inside = (...words: string[]) => insideNamespace(prepare, CLI, ...words);

  it('by a run', () => {
    const { status, stderr } = inside('run', workflow, '--local', '--no-check', '--runs', relval.runs);
    expect(stderr.split('\n')).toContain(`relval: ${sentence}`);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(status).toBe(3);
  });

  it('by the check before a run, and by doctor', () => {
    const check = inside('check', workflow, '--runs', relval.runs, '--json');
    expect(check.status, check.stderr).toBe(3);
    expect(JSON.parse(check.stdout)).toContainEqual({ name: 'network', state: 'failed', found: sentence });
    const doctor = inside('doctor');
    expect(doctor.stdout).toContain(sentence);
    expect(doctor.stderr).toBe('');
  });
});

it('the embedded master says in a sentence that it needs 127.0.0.1', () => {
  const framework = join(dirname(CLI), '..', '..', 'framework', 'main.js');
  const onlyIPv6 = 'ip link set lo up && ip address del 127.0.0.1/8 dev lo';
  const { status, stderr } = insideNamespace(onlyIPv6, framework, '--master', 'local');
  expect(stderr).toMatch(/^mesos-workqueue-framework: --master local needs 127\.0\.0\.1, .*\n$/);
  expect(status).toBe(2);
});

/** Runs a program of this project in a network namespace of its own, after the commands that prepare it. */
function insideNamespace(prepare: string, ...words: string[]) {
  const create = process.getuid?.() === 0 ? ['--net'] : ['--user', '--map-root-user', '--net'];
  const command = ['sh', '-c', `${prepare} && exec "$@"`, 'sh', process.execPath, ...words];
  return spawnSync('unshare', [...create, '--', ...command], { encoding: 'utf8', cwd: relval.dir });
}
