// npm run kills:htcondor [-- --kills 100 --seed 1]
// Kills one process after the other while jobs run: of workers, of HTCondor, the framework, the agent with its master. Each
// round submits four jobs to three cores, and kills one process with SIGKILL at a random moment. Each job must end once, with
// success. At the end nothing may be left: no job, no process of a worker. The same seed gives the same order and moments.
import { execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { eventsOf, startPool, until } from './pool.mjs';

const { values: flags } = parseArgs({
  options: { kills: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } },
});
const [kills, seed] = [Number(flags.kills), Number(flags.seed)];
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed) || seed < 1) {
  console.error('kills.mjs: --kills and --seed are whole numbers above 0');
  process.exit(2);
}

const JOBS = 4;
const CORES = 3;
/** The longest time of a round, ms. The lease of a job is 30 s. */
const PATIENCE_MS = 180_000;
const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'framework', 'main.js');
const MASTER = join(import.meta.dirname, '..', 'e2e', 'framework', 'master-program.mjs');
/** They have ended when the jobs of the round are done before the kill. */
const PASSING = ['startd', 'starter', 'shadow'];
const VICTIMS = [...PASSING, 'schedd', 'negotiator', 'collector', 'framework', 'agent'];

const pool = await startPool();
const dir = mkdtempSync(join(tmpdir(), 'htcondor-kills-'));
chmodSync(dir, 0o711);
const token = await pool.token('alice@pool.test', join(dir, 'token'), 'worker');
// The agent would keep other users out of the directory of its sandboxes, and its tasks are another user's.
mkdirSync(join(dir, 'agent', 'S0'), { recursive: true, mode: 0o711 });
writeFileSync(
  join(dir, 'framework.yaml'),
  `htcondor: [{ collector: "${pool.collector}" }]
pools:
  - { name: condor, source: htcondor, user: worker, memory: 256, disk: 256, passwordFile: ${token}, environment: { _CONDOR_NETWORK_INTERFACE: 127.0.0.1 } }
`,
);

let port = 0;
let master = await startMaster();
let framework = startFramework();
/** Seconds from a kill to the end of the jobs, by victim. @type {Map<string, number[]>} */
const took = new Map(VICTIMS.map((victim) => [victim, []]));
const random = seeded(seed);
let failed = false;
try {
  for (let round = 1; round <= kills; round++) await kill(round, VICTIMS[Math.floor(random() * VICTIMS.length)] ?? '');
  framework.kill('SIGTERM');
  await once(framework, 'exit');
  const left = () => ['startd', 'starter', 'shadow'].flatMap((name) => pool.pidsOf(name));
  await until('the end of all workers', () => left().length === 0);
  await until('the end of all processes of sandboxes', () => processesIn(join(dir, 'agent')) === '');
  const queue = await pool.tool('condor_q', '-allusers', '-af', 'ClusterId', 'JobStatus');
  if (queue !== '') throw new Error(`jobs are left in the queue:\n${queue}`);
  show();
} catch (error) {
  failed = true;
  console.error(error);
  console.error(readFileSync(join(dir, 'framework.log'), 'utf8').split('\n').slice(-40).join('\n'));
} finally {
  framework.kill('SIGKILL');
  if (master.connected) master.disconnect();
  await pool.stop();
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
process.exit(failed ? 1 : 0);

/** @param {number} round @param {string} victim */
async function kill(round, victim) {
  const { cluster, log } = await pool.submit('alice', { arguments: 2 }, `${JOBS}`);
  const told = (/** @type {string} */ event) => eventsOf(log).filter((one) => one.event === event);
  await until('a running job', () => told('001').length > 0, PATIENCE_MS);
  await sleep(random() * 2000);
  const isThere = await killOne(victim);
  const at = Date.now();
  const jobs = () => new Set(told('005').map(({ job }) => job)).size;
  await until(`the jobs of round ${round}, after the kill of ${victim}`, () => jobs() === JOBS, PATIENCE_MS);
  const seconds = (Date.now() - at) / 1000;
  const load = (loadavg()[0] ?? 0).toFixed(0);
  console.log(
    `${round}: ${victim} ${isThere ? 'killed' : 'was gone'}, all done after ${seconds.toFixed(1)} s, load ${load}`,
  );
  if (isThere) took.get(victim)?.push(seconds);
  const history = async () => (await pool.tool('condor_history', `${cluster}`, '-af', 'ProcId', 'ExitCode')).trim();
  await until('their end in the history', async () => (await history()).split('\n').length >= JOBS);
  // A schedd that was killed may write the same end into the log again. It must not run the job again.
  const after = (/** @type {string} */ job) => {
    const events = eventsOf(log).filter((one) => one.job === job);
    return events.slice(events.findIndex(({ event }) => event === '005')).some(({ event }) => event === '001');
  };
  const again = [...new Set(told('005').map(({ job }) => job))].filter(after);
  const found = (await history()).split('\n').sort().join(', ');
  const wanted = Array.from({ length: JOBS }, (_, job) => `${job} 0`).join(', ');
  if (found !== wanted || again.length > 0) {
    throw new Error(`history: ${found}; run again after their end: ${again.join(' ')}\n${readFileSync(log, 'utf8')}`);
  }
}

/** @param {string} victim @returns whether it was there */
async function killOne(victim) {
  if (victim === 'framework') {
    framework.kill('SIGKILL');
    await once(framework, 'exit');
    framework = startFramework();
  } else if (victim === 'agent') {
    master.kill('SIGKILL');
    await once(master, 'exit');
    master = await startMaster();
  } else {
    // A daemon that was killed in an earlier round may just be starting again.
    if (!PASSING.includes(victim)) await until(`a ${victim}`, () => pool.pidsOf(victim).length > 0, PATIENCE_MS);
    const pids = pool.pidsOf(victim);
    const pid = pids[Math.floor(random() * pids.length)];
    if (pid === undefined) return false;
    process.kill(pid, 'SIGKILL');
  }
  return true;
}

/** The embedded master with an agent, in a process of its own, at the same port each time. */
async function startMaster() {
  const agents = [{ cpus: CORES, memory: CORES * 512, disk: 100_000 }];
  const child = fork(MASTER, [JSON.stringify({ agents, port, workDir: join(dir, 'agent') })], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const failed = once(child, 'exit').then(([status]) => Promise.reject(new Error(`the master ended with ${status}`)));
  const [{ address }] = await Promise.race([once(child, 'message'), failed]);
  port = Number(address.split(':')[1]);
  return child;
}

function startFramework() {
  const log = openSync(join(dir, 'framework.log'), 'a');
  const where = ['--master', `127.0.0.1:${port}`, '--listen', '127.0.0.1:0', '--state-dir', join(dir, 'state')];
  const args = [MAIN, ...where, '--config', join(dir, 'framework.yaml'), '--teardown-on-exit', '--docker', 'none'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  return child;
}

/** Processes whose working directory is in a directory, as a list of paths. @param {string} directory */
function processesIn(directory) {
  const text = execFileSync('sh', ['-c', 'readlink /proc/[0-9]*/cwd || true'], { encoding: 'utf8', stdio: 'pipe' });
  return text
    .split('\n')
    .filter((path) => path.startsWith(directory))
    .join('\n');
}

function show() {
  console.log(`${kills} kills, seed ${seed}: ${kills * JOBS} jobs ended once and with success, and nothing is left.`);
  console.log('| killed | times | median, s | longest, s |\n| --- | --- | --- | --- |');
  for (const [victim, seconds] of took) {
    if (seconds.length === 0) continue;
    seconds.sort((a, b) => a - b);
    const median = seconds[Math.floor(seconds.length / 2)] ?? 0;
    console.log(`| ${victim} | ${seconds.length} | ${median.toFixed(1)} | ${(seconds.at(-1) ?? 0).toFixed(1)} |`);
  }
}

/** Numbers from 0 to 1, the same ones for the same seed. @param {number} state */
function seeded(state) {
  let last = state;
  return () => {
    last = (last * 16807) % 2147483647;
    return last / 2147483647;
  };
}
