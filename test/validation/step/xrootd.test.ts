import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STEP_EXIT } from '../../../validation/step/result.ts';
import type { InputFile } from '../../../validation/workflow/plan.ts';
import { freePort, listens } from '../../e2e/xrootd-server.ts';
import { startLive, until } from './live-step.ts';
import { runStep, Scratch } from './sandbox.ts';

const installed = ['xrootd', 'xrdcp', 'xrdfs'].every((tool) => spawnSync('which', [tool]).status === 0);

describe.skipIf(!installed)('a real XRootD server', () => {
  let scratch: Scratch;
  let server: ChildProcess;
  let url: string;
  let data: string;

  beforeEach(async () => {
    scratch = new Scratch();
    chmodSync(scratch.path, 0o755);
    data = join(scratch.path, 'data');
    for (const name of ['data', 'admin', 'pid']) {
      mkdirSync(join(scratch.path, name));
      chmodSync(join(scratch.path, name), 0o777);
    }
    const port = await freePort();
    const config = scratch.file(
      'server.cfg',
      [
        `xrd.port ${port}`,
        'all.export /',
        `oss.localroot ${data}`,
        `all.adminpath ${scratch.path}/admin`,
        `all.pidpath ${scratch.path}/pid`,
        'xrd.network nodnr',
        '',
      ].join('\n'),
    );
    // it refuses to run as root
    const user = process.getuid?.() === 0 ? ['-R', 'nobody'] : [];
    server = spawn('xrootd', [...user, '-c', config, '-l', join(scratch.path, 'admin/log')], { stdio: 'ignore' });
    for (let waited = 0; !(await listens(port)); waited += 50) {
      if (waited > 60_000) throw new Error('xrootd does not listen');
      await sleep(50);
    }
    url = `root://127.0.0.1:${port}/`;
  });
  afterEach(async () => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill('SIGKILL');
      await once(server, 'exit');
    }
    scratch.remove();
  });

  it('gives inputs and takes outputs, each verified by its size', async () => {
    mkdirSync(join(data, 'raw'));
    writeFileSync(join(data, 'raw', 'in put.root'), 'x'.repeat(100_000));
    const inputs: InputFile[] = [{ kind: 'xrootd', name: 'in put.root', unpack: false, url: `${url}/raw/in put.root` }];
    const run = await runStep(
      scratch,
      'mkdir sub; cp in*.root a.root; cp a.root "sub/b c.root"; echo "$X509_USER_PROXY"',
      {
        stage: {
          inputs,
          environment: [['X509_USER_PROXY', '$PWD/eos-proxy']],
          outputs: [{ patterns: ['a.root', 'sub/*'] }, { archive: 'log.zip', patterns: ['std*'] }],
          outputDirTemplate: `${url}/out/#alien_counter_03i#`,
        },
      },
    );
    expect(run.result.message).toBe('');
    expect(run.status).toBe(0);
    expect(run.result.inputBytes).toBeGreaterThanOrEqual(100_000);
    expect(readdirSync(join(data, 'out/007'), { recursive: true }).sort()).toEqual([
      'a.root',
      'log.zip',
      'sub',
      'sub/b c.root',
      'validation_report.txt',
    ]);
    expect(readFileSync(join(data, 'out/007/sub/b c.root'), 'utf8')).toBe('x'.repeat(100_000));
  });

  it.each([
    ['root://', '?xrd.wantprot=unix&svcClass=a/b,c'],
    ['xroot://', '?svcClass=default'],
    ['xroot://', ''],
  ])('has what goes to %s…%s under its own name, and takes inputs with parameters', async (scheme, parameters) => {
    const place = url.replace('root://', scheme);
    mkdirSync(join(data, 'raw'));
    writeFileSync(join(data, 'raw', '18000273591030.10.root'), 'raw');
    const name = '18000273591030.10.root';
    const inputs: InputFile[] = [{ kind: 'xrootd', name, unpack: false, url: `${place}/raw/${name}${parameters}` }];
    const run = await runStep(
      scratch,
      `cp ${name} a.root; echo other >b.root; mkdir d; echo deep >d/c.root; echo "$F"`,
      {
        stage: {
          inputs,
          outputs: [{ patterns: ['a.root', 'b.root', 'd'] }, { archive: 'l.zip', patterns: ['*.log'] }],
          outputDirTemplate: `${place}/out/#alien_counter#/#alienfilename/.root//#${parameters}`,
          environment: [['F', '#alienfilename#']],
        },
        step: { inputFile: `${place}/raw/${name}${parameters}` },
      },
    );
    expect(run.result).toMatchObject({ phase: 'done', message: '' });
    expect(run.stdout).toContain(`\n${name}\n`);
    const stored = join(data, 'out/7/18000273591030.10');
    expect(readdirSync(stored, { recursive: true }).sort()).toEqual([
      'a.root',
      'b.root',
      'd',
      'd/c.root',
      'l.zip',
      'validation_report.txt',
    ]);
    expect(readFileSync(join(stored, 'a.root'), 'utf8')).toBe('raw');
    expect(readFileSync(join(stored, 'd/c.root'), 'utf8')).toBe('deep\n');
  });

  it('gets no output with a question mark in its name: what is behind it would be taken for parameters', async () => {
    const run = await runStep(scratch, 'echo x >"a?b.root"', {
      stage: { outputs: [{ patterns: ['*.root'] }], outputDirTemplate: `${url}/out` },
    });
    expect(run.result).toMatchObject({ phase: 'output' });
    expect(run.result.message).toContain('a?b.root: a name with a question mark cannot be stored at an XRootD address');
  });

  it('that has not the file fails the step after five attempts', async () => {
    const inputs: InputFile[] = [{ kind: 'xrootd', name: 'x', unpack: false, url: `${url}/nowhere/x` }];
    const run = await runStep(scratch, 'echo ran', { stage: { inputs } });
    expect(run.status).toBe(STEP_EXIT.input);
    expect(run.result).toMatchObject({ phase: 'input', exitStatus: null });
    expect(run.result.message).toMatch(/input x from root:.*(No such file|not found)/i);
    expect(run.read('logs')).toContain('attempt 5');
    expect(run.stdout).not.toContain('ran');
  });

  it('that is gone is given up by the client itself, and who follows the step sees why before the next attempt', async () => {
    server.kill('SIGKILL');
    await once(server, 'exit');
    const live = await startLive(scratch);
    const inputs: InputFile[] = [{ kind: 'xrootd', name: 'x', unpack: false, url: `${url}/x` }];
    const run = await runStep(scratch, 'echo ran', {
      stage: { inputs },
      copyPause: 300,
      env: { ...live.env, XRD_CONNECTIONWINDOW: '1', XRD_CONNECTIONRETRY: '1' },
      running: async (child) => {
        await until('the reason', () => live.read('stderr').includes('; next attempt in 300 s\n'));
        child.kill();
      },
    });
    expect(live.read('stderr')).toContain(`relval: input x from ${url}/x, attempt 1: Run: [FATAL] `);
    expect(run.result).toMatchObject({ phase: 'payload', interrupted: true, payloadStart: null });
  });

  it('that is gone when the outputs come fails the step, with what it did kept', async () => {
    const run = await runStep(scratch, `kill -9 ${server.pid}; echo done`, {
      stage: { outputs: [{ patterns: ['std*'] }], outputDirTemplate: `${url}/out`, copyTimeout: 1 },
    });
    expect(run.status).toBe(STEP_EXIT.output);
    expect(run.result).toMatchObject({ phase: 'output', exitStatus: 0 });
    expect(run.result.message).toContain(`transfer to ${url}/out failed`);
    expect(run.stdout).toContain('done');
  });
});
