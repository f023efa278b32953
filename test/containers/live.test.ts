import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, eventsOf, Relval, until } from '../e2e/relval.ts';
import { importBase } from './base-image.ts';
import { Daemon } from './daemon.ts';
import { Watch } from './watch.ts';

const IMAGE = 'relval-live-test:1';
const earlier = process.env.DOCKER_HOST;
const daemon = new Daemon();
let relval: Relval;
let gate: string;
let watch: Watch;

beforeAll(async () => {
  await daemon.start();
  process.env.DOCKER_HOST = daemon.host;
  importBase(daemon, IMAGE, 'worker');
});

afterAll(async () => {
  if (earlier === undefined) delete process.env.DOCKER_HOST;
  else process.env.DOCKER_HOST = earlier;
  await daemon.stop();
  expect(daemon.isGone).toBe(true);
});

beforeEach(() => {
  relval = new Relval();
  gate = join(relval.dir, 'gate');
  mkdirSync(gate);
  chmodSync(gate, 0o777);
  watch = new Watch(daemon, relval.runs);
});

afterEach(() => {
  watch.stop();
  const left = { containers: daemon.containers(), processes: relval.processes() };
  relval.remove();
  expect(left).toEqual({ containers: [], processes: [] });
});

const inDocker = () => ['--local', '--containerizer', 'docker', '--image', IMAGE, '--volume', `${gate}:/gate`];

/** Says that it runs in the container, and goes on when it is let. What the image lacks tells it from this machine. */
const PAYLOAD = `#!/bin/bash
[ -e /home ] && echo outside || echo inside
echo 'a warning' >&2
until [ -e /gate/open ]; do sleep 0.1; done
echo after the gate
`;

/** Follows the log of a step from the moment at which it runs, in a process of its own as users do. */
async function follow(step: string, ...flags: string[]) {
  const run = await until('a step to run', 60, async () => {
    const [only] = JSON.parse((await relval.run('list', '--json')).stdout);
    return only && eventsOf(only.directory).some(({ type }) => type === 'step-running') ? only : undefined;
  });
  const { child, ended } = relval.start('logs', run.id, step, '--follow', ...flags);
  let said = '';
  child.stdout?.on('data', (chunk) => {
    said += chunk;
  });
  return { ended, said: (text: string) => until(`“${text}” of ${step}`, 60, () => said.includes(text)) };
}

/** Whether lines come while the container that prints them runs, and the rest after. */
async function expectLive(run: Promise<Ended>, step: string) {
  const [out, errors] = [await follow(step), await follow(step, '--stderr')];
  await out.said('inside\n');
  await errors.said('a warning\n');
  expect(daemon.containers('status=running')).toHaveLength(1);
  writeFileSync(join(gate, 'open'), '');
  await out.said('after the gate\n');
  const { code, stdout, stderr } = await run;
  expect(code, stdout + stderr).toBe(0);
  const followed = await out.ended;
  expect(followed).toMatchObject({ code: 0, stdout: expect.stringMatching(/inside\n[\s\S]*after the gate\n$/) });
  expect((await errors.ended).stdout).toContain('a warning\n');
}

describe('the log of a step in a container comes while it runs', () => {
  it('with relval exec', async () => {
    mkdirSync(join(relval.dir, 'train'));
    const script = join(relval.dir, 'train', 'task.sh');
    writeFileSync(script, PAYLOAD, { mode: 0o755 });
    const { ended } = relval.start('exec', ...inDocker(), '--', script);
    await expectLive(ended, 'exec');
  });

  it('with relval run', async () => {
    writeFileSync(join(relval.dir, 'task.sh'), PAYLOAD, { mode: 0o755 });
    const workflow = join(relval.dir, 'workflow.yaml');
    writeFileSync(workflow, 'name: live\nstages: [{ name: task, executable: task.sh, inputs: [task.sh] }]\n');
    const { ended } = relval.start('run', workflow, ...inDocker());
    await expectLive(ended, 'task');
  });
});
