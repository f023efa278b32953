// npm run bench:htcondor [-- --jobs 48 --rounds 3 --token owners|pool]
// Jobs of `sleep 5` on an HTCondor pool, and who brings the workers: nobody (plain condor_startd, all started at once when
// the jobs are submitted: the floor), then this framework with its embedded master. Seconds since condor_submit until the
// first job runs, all have run, all are done, and all workers are gone after the last job. Ends with the processor time of
// the framework when nothing waits.
import { execFile as _ef, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startd } from '../../dist/modules/framework/htcondor/worker.js';
import { eventsOf, idsOf, SCHEDD, startPool, until } from '../htcondor/pool.mjs';

const { values: flags } = parseArgs({
  options: {
    jobs: { type: 'string', default: '48' },
    rounds: { type: 'string', default: '3' },
    token: { type: 'string', default: 'owners' },
  },
});
const JOBS = Number(flags.jobs);
const MAIN = join(import.meta.dirname, '..', '..', 'dist', 'framework', 'main.js');

const pool = await startPool();
const dir = mkdtempSync(join(tmpdir(), 'htcondor-bench-'));
chmodSync(dir, 0o755);
const token = await pool.token(
  flags.token === 'owners' ? 'alice@pool.test' : 'startd@pool.test',
  join(dir, 'token'),
  'worker',
);
const [uid, gid] = idsOf('worker');

/** @param {() => boolean | Promise<boolean>} isGone */
async function measure(isGone) {
  const begin = Date.now();
  const { log } = await pool.submit('alice', {}, `${JOBS}`);
  const count = (/** @type {string} */ event) => eventsOf(log).filter((one) => one.event === event).length;
  await until('the jobs', () => count('005') === JOBS, 300_000);
  const done = Date.now();
  await until('the end of the workers', isGone);
  const gone = (Date.now() - done) / 1000;
  const started = eventsOf(log)
    .filter(({ event }) => event === '001')
    .map(({ at }) => (at - begin) / 1000);
  return { first: Math.min(...started), all: Math.max(...started), done: (done - begin) / 1000, gone };
}

/** Plain workers with what the framework would give them. @param {number} round */
async function floor(round) {
  const kind = startd(() => pool.collector);
  const settings = { name: 'bench', workerCommand: 'condor_startd', passwordFile: token, idleSeconds: 2 };
  const project = /** @type {import('../../framework/demand/demand.ts').ProjectDemand} */ ({
    manager: `alice@pool.test at ${SCHEDD}`,
  });
  /** @type {import('node:child_process').ChildProcess[]} */
  const children = [];
  const measured = measure(async () => {
    for (const child of children) if (child.exitCode === null) child.kill('SIGTERM');
    return children.every(({ exitCode, signalCode }) => exitCode !== null || signalCode !== null);
  });
  for (let index = 0; index < JOBS; index++) {
    const sandbox = join(dir, `floor${round}-${index}`);
    mkdirSync(sandbox);
    chownSync(sandbox, uid, gid);
    const launch = kind.launch(
      settings,
      { id: `floor${round}-${index}`, shape: { cores: 1, memory: 256, disk: 256 } },
      project,
    );
    const out = openSync(join(sandbox, 'out'), 'a');
    const env = {
      PATH: process.env.PATH,
      ...launch.environment,
      MESOS_SANDBOX: sandbox,
      _CONDOR_NETWORK_INTERFACE: '127.0.0.1',
    };
    children.push(
      spawn('/bin/sh', ['-c', launch.command], { cwd: sandbox, uid, gid, env, stdio: ['ignore', out, out] }),
    );
  }
  return measured;
}

/** @param {number} round */
function startFramework(round) {
  const home = join(dir, `framework${round}`);
  mkdirSync(home);
  chownSync(home, uid, gid);
  writeFileSync(
    join(home, 'framework.yaml'),
    `htcondor:
  - collector: ${pool.collector}
pools:
  - { name: condor, source: htcondor, memory: 256, disk: 256, passwordFile: ${token}, environment: { _CONDOR_NETWORK_INTERFACE: 127.0.0.1 } }
`,
  );
  const args = [
    '--log-level',
    'debug',
    '--master',
    'local',
    '--local-cpus',
    `${JOBS}`,
    '--local-memory',
    `${JOBS * 512}`,
    '--config',
    join(home, 'framework.yaml'),
  ];
  const log = openSync(join(home, 'log'), 'a');
  const env = { PATH: process.env.PATH, HOME: home };
  return {
    log: join(home, 'log'),
    child: spawn(process.execPath, [MAIN, ...args], { cwd: home, uid, gid, env, stdio: ['ignore', log, log] }),
  };
}

/** Processor time of a process and of the children it has waited for, s. @param {number} pid */
function cpu(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) / 100, 0);
}

/** @param {string} who @param {{first: number, all: number, done: number, gone: number}} found */
const show = (who, { first, all, done, gone }) =>
  console.log(
    `| ${who} | ${[first, all, done, gone, loadavg()[0] ?? 0].map((value) => value.toFixed(1)).join(' | ')} |`,
  );

console.log(
  `${JOBS} jobs of sleep 5, token of ${flags.token}\n| who | first runs, s | all have run, s | all done, s | workers gone after, s | load |\n| --- | --- | --- | --- | --- | --- |`,
);
let launches = 0;
for (let round = 0; round < Number(flags.rounds); round++) {
  const { child, log } = startFramework(round);
  await until('the framework', () => readFileSync(log, 'utf8').includes('serving /healthz'));
  await sleep(4000);
  const _t = setInterval(() => {
    const at = new Date().toISOString();
    _ef(
      'condor_status',
      ['-af', 'Name', 'State', 'Activity', 'LastHeardFrom', 'MyCurrentTime', 'EnteredCurrentState'],
      { env: pool.environment },
      (e, o) => {
        const c = {};
        for (const l of o.split('\n'))
          if (l) {
            const [, a, b] = l.split(' ');
            c[a + '/' + b] = (c[a + '/' + b] ?? 0) + 1;
          }
        console.error(at, JSON.stringify(c), 'startds', pool.pidsOf('startd').length);
      },
    );
  }, 500);
  show('framework', await measure(() => pool.pidsOf('startd').length === 0));
  clearInterval(_t);
  if (round === Number(flags.rounds) - 1) {
    await sleep(3000);
    const before = cpu(child.pid ?? 0);
    await sleep(100);
    console.log(`idle: ${(((cpu(child.pid ?? 0) - before) / 30) * 100).toFixed(2)} % of a core`);
  }
  launches += readFileSync(log, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"worker launched"')).length;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await ended;
}
console.log(`launches: ${launches} for ${JOBS * Number(flags.rounds)} jobs`);
import('node:child_process').then(({ execSync }) => {
  execSync(
    `cp ${dir}/framework0/log /work/wt/h14/dist/prof.log; cp $(find ${dir}/framework0 -name StartLog | tail -1) /work/wt/h14/dist/prof.start; find ${dir}/framework0 -name StartLog | head -3 > dist/prof.where`,
  );
});
await sleep(2000);
await pool.stop();
