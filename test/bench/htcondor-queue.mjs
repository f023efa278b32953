// npm run bench:htcondor-queue [-- --jobs 10000 --different]
// One user with many idle jobs, for whom three workers are allowed, and beside this two jobs of another user: how long the schedd
// takes to answer, what the framework needs, and when the jobs run.
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { eventsOf, FAST_NEGOTIATOR, idsOf, startPool, until } from '../htcondor/pool.mjs';

const { values: flags } = parseArgs({
  options: { jobs: { type: 'string', default: '10000' }, different: { type: 'boolean', default: false } },
});
const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'framework', 'main.js');
const LISTEN = '127.0.0.1:5099';
const STEADY_S = 30;

const limits = ['MAX_JOBS_PER_SUBMISSION = 1000000', 'MAX_JOBS_PER_OWNER = 1000000'];
const pool = await startPool({ settings: [...FAST_NEGOTIATOR, ...limits] });
const dir = mkdtempSync(join(tmpdir(), 'htcondor-queue-'));
chmodSync(dir, 0o755);
for (const user of ['alice', 'bob']) await pool.token(`${user}@pool.test`, join(dir, `${user}@pool.test`), 'worker');
const [uid, gid] = idsOf('worker');
const home = join(dir, 'framework');
mkdirSync(home);
chownSync(home, uid, gid);

const sizes = flags.different
  ? { request_memory: '200 + $(Process) % 50', request_disk: '1000 + $(Process)' }
  : { request_memory: 200 };
const beforeSubmit = Date.now();
await pool.submit('alice', { ...sizes, arguments: 20, log: '/dev/null' }, flags.jobs);
console.log(`${flags.jobs} jobs, submitted in ${seconds(beforeSubmit)} s`);

const common = `source: htcondor, memory: 256, disk: 256, idleSeconds: 2, passwordFile: '${dir}/{user}', environment: { _CONDOR_NETWORK_INTERFACE: 127.0.0.1 }`;
writeFileSync(
  join(home, 'framework.yaml'),
  `htcondor: [{ collector: "${pool.collector}" }]
pools:
  - { name: alice, projects: 'alice.*', max: 3, ${common} }
  - { name: others, ${common} }
`,
);
const probe = join(home, 'probe');
const log = openSync(join(home, 'log'), 'a');
const options = ['--local-cpus', '5', '--local-memory', '2560', '--config', join(home, 'framework.yaml')];
const begin = Date.now();
const framework = spawn(
  process.execPath,
  ['--import', join(import.meta.dirname, 'loop-probe.mjs'), MAIN, '--master', 'local', '--listen', LISTEN, ...options],
  { cwd: home, uid, gid, env: { PATH: process.env.PATH, HOME: home, PROBE: probe }, stdio: ['ignore', log, log] },
);
const pid = framework.pid ?? 0;
const running = async () => (await pool.jobs('JobStatus == 2 && User == "alice@pool.test"', 'ProcId')).length;
await until('three running jobs', async () => (await running()) === 3, 600_000);
console.log(`three jobs run ${seconds(begin)} s after the start of the framework`);

const used = cpu(pid);
await sleep(STEADY_S * 1000);
const lines = readFileSync(probe, 'utf8').trim().split('\n').slice(-STEADY_S);
const probes = lines.map((line) => /** @type {Record<string, number>} */ (JSON.parse(line)));
const sorted = (/** @type {string} */ name) => probes.map((one) => one[name] ?? 0).sort((a, b) => a - b);
const loop = sorted('loop');
console.log(
  `framework with its tools: ${(((cpu(pid) - used) / STEADY_S) * 100).toFixed(1)} % of a core, ${sorted('memory').at(-1)} MB; event loop blocked in a second for ${loop[loop.length >> 1]} ms (median), ${loop.at(-1)} ms (longest); load ${loadavg()[0]?.toFixed(1)}`,
);

const at = Date.now();
const { log: others } = await pool.submit('bob', { arguments: 1 }, '2');
const starts = () => eventsOf(others).filter(({ event }) => event === '001');
await until('the jobs of the other user', () => starts().length === 2, 600_000);
console.log(`the other user's jobs run after ${starts().map((event) => ((event.at - at) / 1000).toFixed(1))} s`);
for (const path of ['/state', '/metrics']) {
  const asked = Date.now();
  const text = await (await fetch(`http://${LISTEN}${path}`)).text();
  console.log(`${path}: ${Date.now() - asked} ms, ${text.length} bytes`);
}
framework.kill('SIGTERM');
await new Promise((resolve) => framework.once('exit', resolve));
await pool.tool('condor_rm', '-all');
await pool.stop();

/** @param {number} since */
function seconds(since) {
  return ((Date.now() - since) / 1000).toFixed(1);
}

/** Processor time of a process and of the children it has waited for, s. @param {number} process */
function cpu(process) {
  const fields = readFileSync(`/proc/${process}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
}
