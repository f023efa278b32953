import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';

const BRIDGE = join(import.meta.dirname, '..', '..', '..', '..', 'validation', 'runs', 'local', 'bridge.pl');

/** Starts the bridge a moment later, as its namespace does, and dies at once. Prints the bridge's pid. */
const PARENT = `
const { spawn } = require('node:child_process');
const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
  const command = ['-c', 'sleep 0.3; exec "$0" "$@"', 'perl', ${JSON.stringify(BRIDGE)}];
  const bridge = spawn('sh', command, { detached: true, stdio: ['pipe', 'ignore', 'ignore', server._handle.fd] });
  console.log(bridge.pid);
  process.kill(process.pid, 'SIGKILL');
});`;

it('the bridge ends when its parent was killed before it ran', async () => {
  const parent = spawn(process.execPath, ['-e', PARENT], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  parent.stdout.on('data', (chunk) => {
    said += chunk;
  });
  await new Promise((resolve) => parent.once('close', resolve));
  const bridge = Number(said);
  expect(bridge).toBeGreaterThan(0);
  try {
    await vi.waitFor(() => expect(existsSync(`/proc/${bridge}`)).toBe(false), { timeout: 20_000, interval: 50 });
  } finally {
    if (existsSync(`/proc/${bridge}`)) process.kill(bridge, 'SIGKILL');
  }
});
