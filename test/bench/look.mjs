// node test/bench/look.mjs [--times 15] [--steps 10000] [--runs 5000] [--before OTHER/dist/validation/cli/main.js]
// What a look at runs costs: `relval --version`, and status, list and logs of a run of many steps, beside `node -e 0`, which
// is what any program of Node.js costs. All take turns, so that a machine that is busy is busy for all. Wall ms and CPU ms:
// median, least and most of so many calls, and how many times `node -e 0`. Caches are those of earlier calls. With --before,
// another build takes part.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { writeLargeRun, writeLog, writeManyRuns } from '../e2e/page-stores.mjs';

const { values: flags } = parseArgs({
  options: {
    times: { type: 'string', default: '15' },
    steps: { type: 'string', default: '10000' },
    runs: { type: 'string', default: '5000' },
    before: { type: 'string' },
  },
});
const CLI = join(import.meta.dirname, '..', '..', 'dist', 'validation', 'cli', 'main.js');
const { before } = flags;
const dir = mkdtempSync(join(tmpdir(), 'look-bench-'));
const [few, many] = ['few', 'many'].map((name) => join(dir, name));
for (const place of [few, many]) mkdirSync(place);
const now = Date.now();
const large = writeLargeRun(
  few,
  { id: 'large', created: now - 9e6, verdict: 'failed', reason: 'x' },
  Number(flags.steps),
);
writeLog(join(large, 'steps', 'sim00077', '1'), 1e6);
writeManyRuns(many, Number(flags.runs), now);

/** @param {string} cli @returns {Record<string, string[]>} */
const looksOf = (cli) => ({
  '--version, first line': [cli, '--version'],
  '--version, whole': [cli, '--version'],
  '--help': [cli, '--help'],
  status: [cli, 'status', 'large', '--runs', few],
  'list, 1 run': [cli, 'list', '--runs', few],
  'logs --tail 20': [cli, 'logs', 'large', 'sim00077', '--tail', '20', '--runs', few],
  [`list, ${flags.runs} runs`]: [cli, 'list', '--runs', many],
  [`status last of ${flags.runs} runs`]: [cli, 'status', '--runs', many],
});
/** @type {Record<string, string[]>} */
const looks = { 'node -e 0': ['-e', '0'] };
for (const [name, args] of Object.entries(looksOf(CLI))) {
  looks[name] = args;
  const old = before && looksOf(resolve(before))[name];
  if (old) looks[`  before: ${name}`] = old;
}

/** @param {string} name @param {string[]} args @returns {Promise<{wall: number, cpu: number}>} ms */
async function look(name, args) {
  // Each build has caches of its own: it does not use those of another one, and would replace them.
  const env = { ...process.env, XDG_CACHE_HOME: join(dir, name.startsWith('  ') ? 'cache-before' : 'cache') };
  const start = performance.now();
  if (name.endsWith('first line')) {
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const wall = performance.now() - start;
    await new Promise((resolve) => child.once('exit', resolve));
    return { wall, cpu: Number.NaN };
  }
  // bash tells the CPU time of a child, which Node.js does not.
  const timed = ['-c', 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null', 'bash', process.execPath, ...args];
  const { status, stderr } = spawnSync('bash', timed, { encoding: 'utf8', cwd: dir, env });
  const [wall = 0, user = 0, system = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return { wall: wall * 1000, cpu: (user + system) * 1000 };
}

/** @param {number[]} values */
function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const median = sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  return { median: median ?? 0, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}

const measured = new Map(Object.keys(looks).map((name) => [name, /** @type {{wall: number, cpu: number}[]} */ ([])]));
// The first calls fill the caches.
for (const [name, args] of Object.entries(looks)) await look(name, args);
for (let time = 0; time < Number(flags.times); time++)
  for (const [name, args] of Object.entries(looks)) measured.get(name)?.push(await look(name, args));
rmSync(dir, { recursive: true, force: true });

const rows = [...measured].map(([name, all]) => ({
  name,
  wall: spread(all.map(({ wall }) => wall)),
  cpu: spread(all.map(({ cpu }) => cpu)),
}));
const [floor] = rows;
if (!floor) throw new Error('nothing was measured');
console.log(
  `${'median (least, most) of'.padEnd(38)}${'wall ms'.padStart(22)}${'×'.padStart(7)}${'CPU ms'.padStart(10)}${'×'.padStart(7)}`,
);
for (const { name, wall, cpu } of rows) {
  const all = `${wall.median.toFixed(0)} (${wall.least.toFixed(0)}, ${wall.most.toFixed(0)})`;
  const ratio = (wall.median / floor.wall.median).toFixed(1);
  const [ms, times] = Number.isNaN(cpu.median)
    ? ['', '']
    : [cpu.median.toFixed(0), (cpu.median / floor.cpu.median).toFixed(1)];
  console.log(`${name.padEnd(38)}${all.padStart(22)}${ratio.padStart(7)}${ms.padStart(10)}${times.padStart(7)}`);
}
