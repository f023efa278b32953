// npm run bench:step [-- --rounds 5] [--few 100] [--many 300] [--only makeflow|relval] [--before OTHER/dist/validation/cli/main.js]
// What a step costs: flows of `true` (1 core, 64 MB each) on two cores of this machine, as plain `makeflow -T wq` with two
// `work_queue_worker`s, and as `relval run --local`, in turns. Two sizes: what both have in common is the fixed price of a
// run (start, checks, report, end), and the rest is the price of a step. With --before, another build takes its turns too. Prints the median (least, most) of so many rounds.
// With `perf` the CPU time and the processes are those of all that was started; without it, CPU time is that of the
// processes that were waited for, and processes are not counted.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    few: { type: 'string', default: '100' },
    many: { type: 'string', default: '300' },
    only: { type: 'string' },
    before: { type: 'string' },
  },
});
const RELVAL = join(import.meta.dirname, '..', '..', 'dist', 'validation', 'cli', 'main.js');
const ROUNDS = Number(flags.rounds);
const [FEW, MANY] = [Number(flags.few), Number(flags.many)];
const COUNTERS = ['task-clock', 'sched:sched_process_fork', 'sched:sched_process_exec'];
const hasPerf = spawnSync('perf', ['stat', '-e', COUNTERS.join(), 'true']).status === 0;
const dir = mkdtempSync(join(tmpdir(), 'step-bench-'));

/** @typedef {{wall: number, cpu: number, forks: number, execs: number, steps: number}} Price ms; `steps`: ms with steps */

/**
 * Runs a program to its end. @param {string[]} command @param {string} cwd @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<Omit<Price, 'steps'>>}
 */
async function price(command, cwd, env = {}) {
  const counted = join(cwd, 'counted');
  const meter = hasPerf
    ? ['perf', 'stat', '-x', ' ', '-o', counted, '-e', COUNTERS.join(), '--', ...command]
    : ['bash', '-c', 'TIMEFORMAT="%U %S"; { time "$@" 2>/dev/null; } 2>counted', 'bash', ...command];
  const began = performance.now();
  const child = spawn(/** @type {string} */ (meter[0]), meter.slice(1), {
    cwd,
    env: { ...process.env, OMPI_MCA_ess_singleton_isolated: '1', ...env },
    stdio: 'ignore',
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  const wall = performance.now() - began;
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}, in ${cwd}`);
  const text = readFileSync(counted, 'utf8');
  if (!hasPerf) {
    const [user = 0, system = 0] = text.trim().split(' ').map(Number);
    return { wall, cpu: (user + system) * 1000, forks: Number.NaN, execs: Number.NaN };
  }
  const count = (/** @type {string} */ name) =>
    Number(
      text
        .split('\n')
        .find((line) => line.includes(name))
        ?.split(' ')[0],
    );
  const [cpu = 0, forks = 0, execs = 0] = COUNTERS.map(count);
  return { wall, cpu, forks, execs };
}

/** @param {number} count @param {string} cwd @returns {Promise<Price>} */
async function plainMakeflow(count, cwd) {
  const rules = Array.from({ length: count }, (_, n) => `out.${n}:\n\ttrue >out.${n}\n`).join('');
  writeFileSync(join(cwd, 'Makeflow'), `CATEGORY=sim\nCORES=1\nMEMORY=64\nDISK=64\n${rules}`);
  // What starts workers here is in the measurement, as it is in relval's.
  writeFileSync(
    join(cwd, 'flow.sh'),
    `makeflow -T wq -r 0 -C 127.0.0.1:1 -Z port Makeflow & flow=$!
while [ ! -s port ]; do sleep 0.01; done
port=$(cat port)
for n in 1 2; do
  work_queue_worker --single-shot --connect-timeout 5 --cores 1 --memory 1024 --disk 1024 -s "$PWD" 127.0.0.1 "$port" &
done
wait $flow; status=$?; wait; exit $status
`,
  );
  const all = await price(['bash', 'flow.sh'], cwd);
  if (!existsSync(join(cwd, `out.${count - 1}`))) throw new Error(`makeflow did not run its steps, in ${cwd}`);
  return { ...all, steps: all.wall };
}

/** @param {number} count @param {string} cwd @param {string} [program] @returns {Promise<Price>} */
async function relval(count, cwd, program = RELVAL) {
  writeFileSync(
    join(cwd, 'many.yaml'),
    `name: many
defaults: { resources: { cores: 1, memory: 64, disk: 64 } }
stages:
  - { name: sim, each: { jobs: 1-${count} }, command: 'true' }
`,
  );
  const runs = join(cwd, 'runs');
  const all = await price([process.execPath, program, 'run', 'many.yaml', '--local', '--local-cpus', '2'], cwd, {
    RELVAL_RUNS: runs,
  });
  const run = readdirSync(runs).find((name) => existsSync(join(runs, name, 'events.ndjson'))) ?? '';
  const ends = readFileSync(join(runs, run, 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'step-running' || type === 'step-ended');
  const ended = ends.filter(({ state }) => state === 'succeeded').length;
  if (ended !== count) throw new Error(`${ended} of ${count} steps succeeded, in ${run}`);
  return { ...all, steps: ends.at(-1).time - ends[0].time };
}

/** @type {Record<string, (count: number, cwd: string) => Promise<Price>>} */
const contenders = { 'makeflow -T wq': plainMakeflow, 'relval run --local': relval };
const { before } = flags;
if (before !== undefined) contenders.before = (count, cwd) => relval(count, cwd, resolve(before));
const chosen = Object.entries(contenders).filter(([name]) => name === 'before' || name.startsWith(flags.only ?? ''));
const measured = new Map(
  chosen.flatMap(([name]) => [FEW, MANY].map((count) => [`${name} ${count}`, /** @type {Price[]} */ ([])])),
);
try {
  for (let round = 0; round < ROUNDS; round++) {
    for (const count of [FEW, MANY]) {
      for (const [name, run] of chosen) {
        const cwd = join(dir, `${round}-${count}-${name.split(' ')[0]}`);
        mkdirSync(cwd);
        measured.get(`${name} ${count}`)?.push(await run(count, cwd));
        // What it wrote stays until the end: for some seconds after many files were removed, ext4 makes new ones more slowly.
        await sleep(500);
      }
    }
  }
} finally {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
/** @param {number[]} values @param {number} [digits] */
const spread = (values, digits = 0) =>
  `${median(values).toFixed(digits)} (${Math.min(...values).toFixed(digits)}, ${Math.max(...values).toFixed(digits)})`;
/** @param {string} name @param {number} count */
const of = (name, count) => measured.get(`${name} ${count}`) ?? [];

console.log(
  `median (least, most) of ${ROUNDS} rounds; ${hasPerf ? 'counted by perf' : 'perf is missing: no processes'}`,
);
for (const count of [FEW, MANY]) {
  console.log(
    `\n${count} steps`.padEnd(22) +
      ['wall ms', 'CPU ms', 'forks', 'execs', 'with steps ms'].map((title) => title.padStart(24)).join(''),
  );
  for (const [name] of chosen) {
    const all = of(name, count);
    const row = /** @type {const} */ (['wall', 'cpu', 'forks', 'execs', 'steps']).map((key) =>
      spread(all.map((one) => one[key])),
    );
    console.log(name.padEnd(21) + row.map((text) => text.padStart(24)).join(''));
  }
  const [peer, ...others] = Object.keys(contenders);
  const makeflow = of(peer ?? '', count);
  for (const name of others) {
    const ratios = of(name, count).map((one, round) => one.wall / (makeflow[round]?.wall ?? Number.NaN));
    if (makeflow.length > 0 && ratios.length > 0) console.log(`${name} / makeflow, wall: ${spread(ratios, 1)} ×`);
  }
}
console.log(`\none more step${['wall ms', 'CPU ms', 'forks', 'execs'].map((title) => title.padStart(24)).join('')}`);
for (const [name] of chosen) {
  const row = /** @type {const} */ (['wall', 'cpu', 'forks', 'execs']).map((key) => {
    const [few, many] = [of(name, FEW), of(name, MANY)];
    return spread(
      many.map((one, round) => (one[key] - (few[round]?.[key] ?? 0)) / (MANY - FEW)),
      1,
    );
  });
  console.log(name.padEnd(21) + row.map((text) => text.padStart(24)).join(''));
}
