import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { maskLines } from '../../../validation/step/mask.ts';
import { makeStage, makeStep } from '../plans.ts';
import { isAlive, runStep, Scratch, startStep, writeSteps } from './sandbox.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

/** With all that means something to sed, grep, bash or JSON. */
const SECRET = String.raw`s3cr3t/.*[a]^$\&+?(b){1}|;"'~#! %s x`;
/** A server that is not there is given up soon. */
const XROOTD = { XRD_CONNECTIONWINDOW: '1', XRD_CONNECTIONRETRY: '0' };
const env = { PASS: SECRET, RELVAL_MASKS: maskLines([SECRET, 'other-secret']), ...XROOTD };

const mode = (path: string): number => statSync(path).mode & 0o777;

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > 60_000) throw new Error('it did not happen');
    await sleep(20);
  }
}

describe('what the script writes itself has no secret in it', () => {
  it('the list of known errors, where it is stored and where it comes back', async () => {
    const say = 'echo "$PASS: error: $PASS"; printf "std::bad_alloc %s\\n" "$(printf %s "$PASS" | base64 -w 0)"';
    const stored = join(scratch.path, 'stored');
    const run = await runStep(scratch, `${say}; echo ": error: other-secret" >"$(printf 'a %s.log' other-secret)"`, {
      stage: { outputDirTemplate: stored, outputs: [{ patterns: ['*.log'] }] },
      env,
    });
    const stars = '*'.repeat(SECRET.length);
    expect(run.stdout).toContain(`${SECRET}: error: ${SECRET}`);
    const report = readFileSync(join(stored, 'validation_report.txt'), 'utf8');
    expect(run.report).toBe(report);
    expect(report).toContain(`stdout.log:2:${stars}: error: ${stars}\n`);
    expect(report).toMatch(/^stdout\.log:3:std::bad_alloc \*{48}$/m);
    expect(report).toContain('a ************.log:1:: error: ************\n');
  });

  it('its own messages, and those in the result', async () => {
    const run = await runStep(scratch, '', {
      stage: { environmentCommand: 'echo "no entry with $PASS" >&2; false' },
      env,
    });
    const stars = '*'.repeat(SECRET.length);
    expect(run.result.message).toBe(`the environment could not be set up: no entry with ${stars}`);
    expect(run.read('logs')).toContain(`no entry with ${stars}`);
    expect(run.read('logs')).not.toContain(SECRET);
  });

  it('and without secrets everything stays as it is', async () => {
    const text = String.raw`x: error: \ & /.*[a]^$ \n é`;
    const run = await runStep(scratch, `printf '%s\\n' '${text}'`);
    expect(run.report).toBe(`stdout.log:2:${text}\n`);
  });
});

describe('what the script keeps on the disk of a worker', () => {
  const umask = process.umask();
  const ofFiles = 0o666 & ~umask;

  it('is for nobody else; the environment is there only where a transfer needs it, and the payload has its own umask', async () => {
    const own = join(scratch.path, 'makeflow', 'sim0007.work', 'own', 'environment');
    const look = `stat -c '%a %n' .. ../own; stat -c '%a environment' ../own/environment; umask; touch made; stat -c '%a %n' made`;
    const before = ['700 ..', '700 ../own'];
    const after = [umask.toString(8).padStart(4, '0'), `${ofFiles.toString(8)} made`];
    for (const [outputDirTemplate, lines] of [
      [scratch.path, [...before, ...after]],
      ['root://127.0.0.1:1//nowhere', [...before, '600 environment', ...after]],
    ] as const) {
      const run = await runStep(scratch, look, { stage: { outputDirTemplate }, env });
      expect(run.stdout.split('\n').slice(1, -1)).toEqual(lines);
      expect(existsSync(own)).toBe(false);
      execFileSync('rm', ['-r', run.directory]);
    }
  });

  it('is in a directory that is closed to others, where it is the sandbox of a worker', async () => {
    const directory = join(scratch.path, 'makeflow');
    const run = await runStep(scratch, 'true', { env: { ...env, WORK_QUEUE_SANDBOX: directory } });
    expect(mode(run.directory)).toBe(0o700);
    expect(mode(join(run.directory, 'sim0007.stdout.log'))).toBe(ofFiles);
  });

  it('is in a directory that is closed to others, and that the worker removes, where the worker names its own directory', async () => {
    const step = makeStep(makeStage('sim', { executable: 'true' }), 7);
    const sandbox = join(scratch.path, 't.1');
    renameSync(await writeSteps(scratch, [step]), sandbox);
    const run = await startStep(sandbox, step, { WORK_QUEUE_SANDBOX: scratch.path });
    expect(run.result.phase).toBe('done');
    expect(mode(sandbox)).toBe(0o700);
    expect(existsSync(join(sandbox, 'sim0007.work'))).toBe(true);
  });

  it.each([
    ['its shell', (pid: number) => process.kill(pid, 'SIGKILL')],
    ['its process group', (pid: number) => process.kill(-pid, 'SIGKILL')],
  ])('goes when a SIGKILL ends %s', async (_, kill) => {
    const own = join(scratch.path, 'makeflow', 'sim0007.work', 'own');
    let guard: number[] = [];
    await runStep(scratch, 'sleep 300', {
      stage: { outputDirTemplate: 'root://127.0.0.1:1//nowhere' },
      env,
      running: async (child) => {
        await until(
          () => existsSync(join(own, 'state')) && readFileSync(join(own, 'state'), 'utf8').includes('started'),
        );
        expect(readFileSync(join(own, 'environment'), 'utf8')).toContain('s3cr3t');
        guard = readdirSync('/proc')
          .map(Number)
          .filter((pid) => pid > 0 && isAlive(pid) && isIn(pid, own));
        kill(child.pid as number);
      },
    });
    await until(() => !guard.some(isAlive));
    expect(readdirSync(own)).toEqual([]);
  });
});

function isIn(pid: number, directory: string): boolean {
  try {
    return execFileSync('readlink', [`/proc/${pid}/cwd`], { encoding: 'utf8' }).trim() === directory;
  } catch {
    return false;
  }
}
