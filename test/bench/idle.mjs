// node test/bench/idle.mjs [--seconds 600] [--local] [--framework OTHER/dist/framework/main.js]
// What the framework costs while nobody needs it: it serves one flow, then idles against an embedded master of its own.
// Prints CPU (% of one core), resident memory (MB), declines and the longest time that an offer was held (ms, looked at
// every 20 s, since asking costs the framework time). --local: master and agent in the same process, as with `--master local`.
// --framework: another build.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { launch } from './contenders.mjs';
import { startFlow } from './flows.mjs';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    local: { type: 'boolean', default: false },
    framework: { type: 'string' },
  },
});
const FRAMEWORK = resolve(flags.framework ?? join(import.meta.dirname, '..', '..', 'dist', 'framework', 'main.js'));
const MASTER = join(import.meta.dirname, '..', 'e2e', 'framework', 'master-program.mjs');
const CATALOG = '127.0.0.1:19297';
const OPS = '127.0.0.1:19299';

/** CPU seconds so far (fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms), and MB resident now. @param {number} pid */
function use(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return { cpu: (Number(fields[11]) + Number(fields[12])) / 100, resident: Number(kilobytes) / 1024 };
}

const state = async () => {
  /** @type {unknown} */
  const answer = await (await fetch(`http://${OPS}/state`)).json();
  return /** @type {{offersHeld: {heldMs: number}[], counters: {declines: number, launches: number}}} */ (answer);
};

const dir = mkdtempSync(join(tmpdir(), 'idle-bench-'));
const [host = '', port = ''] = CATALOG.split(':');
const catalog = launch(
  'catalog_server',
  ['-I', host, '-p', port, '-u', '127.0.0.1:1', '-n', 'localhost', '-H', join(dir, 'history')],
  dir,
  'catalog.log',
);
const agents = [{ cpus: 48, memory: 49_152, disk: 100_000 }];
const cluster = flags.local ? undefined : fork(MASTER, [JSON.stringify({ agents, workDir: join(dir, 'agents') })]);
const master = cluster ? (await once(cluster, 'message'))[0].address : 'local';
await sleep(1000);
const framework = launch(
  process.execPath,
  [
    FRAMEWORK,
    '--master',
    master,
    '--local-cpus',
    '48',
    '--local-memory',
    '49152',
    '--docker',
    'none',
    '--granularity',
    '1',
    '--catalog',
    CATALOG,
    '--listen',
    OPS,
    '--state-dir',
    dir,
  ],
  dir,
  'framework.log',
);
const pid = framework.pid ?? 0;
try {
  await sleep(2000);
  await once(startFlow(dir, CATALOG, { project: 'before', stages: [48], seconds: 2, at: 0 }).child, 'exit');
  await sleep(5000);
  const [began, before, counters] = [Date.now(), use(pid), (await state()).counters];
  let resident = 0;
  let held = 0;
  for (let second = 1; Date.now() - began < Number(flags.seconds) * 1000; second++) {
    await sleep(1000);
    resident = Math.max(resident, use(pid).resident);
    if (second % 20 === 0) held = Math.max(held, ...(await state()).offersHeld.map(({ heldMs }) => heldMs));
  }
  const seconds = (Date.now() - began) / 1000;
  const after = (await state()).counters;
  console.log(
    JSON.stringify({
      seconds: Math.round(seconds),
      cpuPercent: Number((((use(pid).cpu - before.cpu) / seconds) * 100).toFixed(2)),
      residentMB: Math.round(resident),
      declines: after.declines - counters.declines,
      launches: counters.launches,
      longestHeldMs: held,
    }),
  );
} finally {
  for (const child of [framework, catalog]) child.kill('SIGTERM');
  await sleep(1000);
  catalog.kill('SIGKILL');
  cluster?.disconnect();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
