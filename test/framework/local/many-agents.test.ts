import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { startLocalMaster } from '../../../framework/local/master.ts';
import { RawFramework } from '../../conformance/client.ts';
import { launch, task } from '../../conformance/cluster.ts';

vi.mock('node:fs', async (original) => {
  const real = await original<typeof import('node:fs')>();
  return { ...real, readdirSync: vi.fn(real.readdirSync) };
});

const QUIET = { debug() {}, info() {}, warn: console.warn, error: console.error };
const AGENTS = 30;

it('tasks of many agents that end together share the looks at all processes of the machine', async () => {
  const workDir = mkdtempSync(join(tmpdir(), 'many-agents-'));
  const agents = Array.from({ length: AGENTS }, () => ({ cpus: 1, memory: 1024, disk: 100 }));
  const master = await startLocalMaster({ workDir, agents, log: QUIET, credentials: undefined });
  const framework = await RawFramework.subscribe(master.url);
  try {
    const offers = await framework.offers();
    for (const [index, offer] of offers.entries()) {
      await launch(framework, [offer], [task(offer, `t${index}`, { command: 'sleep 600' })]);
    }
    for (const index of offers.keys()) await framework.update(`t${index}`, 'TASK_RUNNING');
    vi.mocked(readdirSync).mockClear();
    await master.stop();
    const looks = vi.mocked(readdirSync).mock.calls.filter(([path]) => path === '/proc');
    expect(looks.length).toBeGreaterThan(0);
    expect(looks.length).toBeLessThan(AGENTS);
  } finally {
    await framework.close();
    await master.stop();
    rmSync(workDir, { recursive: true, force: true });
  }
});
