import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { CLI } from './relval.ts';

/** In a network namespace of its own, with one free port: runs its arguments. */
const WITHOUT_PORTS = `
const { execFileSync, spawnSync } = require('node:child_process');
execFileSync('ip', ['link', 'set', 'lo', 'up']);
require('node:fs').writeFileSync('/proc/sys/net/ipv4/ip_local_port_range', '50000 50000');
require('node:net').createServer().listen(50001, '127.0.0.1', () => {
  const { status } = spawnSync(process.execPath, process.argv.slice(1), { stdio: 'inherit' });
  process.exit(status ?? 99);
});
`;

const can = spawnSync('unshare', ['--net', 'true']).status === 0;

it.skipIf(!can)('a machine without free ports is an error with its reason (needs network namespaces)', () => {
  const dir = mkdtempSync(join(tmpdir(), 'ports-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const command = [process.execPath, '-e', WITHOUT_PORTS, '--', CLI, 'exec', '--local', '--', 'true'];
  const { status, stderr } = spawnSync('unshare', ['--net', ...command], {
    cwd: dir,
    env: { ...process.env, RELVAL_RUNS: join(dir, 'runs'), XDG_CONFIG_HOME: dir },
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect(stderr).toMatch(/^relval: no free TCP port is left on 127\.0\.0\.1/m);
  expect(stderr).not.toContain('    at ');
  expect(status).toBe(3);
});
