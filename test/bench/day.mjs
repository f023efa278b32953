// npm run bench:day -- [--workers 10000] [--managers WORKERS/10] [--minutes 60] [--agents WORKERS/16] [--real-seconds 3600]
// A day of a cluster in short: managers appear and go, half of them in the first minute (the nightly builds of midnight), the others
// at any time; each has ten tasks of half a minute to ten minutes, of which every one gets a worker. The core is the real one; master,
// agents and managers are simulated, and so is the time. Prints what the frames of the core cost (ms of CPU time: median, 99th percentile, most;
// how many took more than 50 ms; --real-seconds ends the simulation early), the most memory (MB; with the simulation's own), and the calls to the master for each worker.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { SimulatedCluster } from './day-cluster.mjs';
import { SimulatedManagers } from './day-managers.mjs';
import { randomOf } from './random.mjs';

/** What was built; the type checker looks at the sources. @param {string} name */
const built = (name) => import(`../../dist/modules/framework/${name}.js`);
/** @type {typeof import('../../framework/scheduler/scheduler.ts')} */
const { Scheduler } = await built('scheduler/scheduler');
/** @type {typeof import('../../framework/scheduler/state/pool.ts')} */
const { defaultPool } = await built('scheduler/state/pool');
/** @type {typeof import('../../framework/scheduler/state/state.ts')} */
const { replay } = await built('scheduler/state/state');
/** @type {typeof import('../../framework/workqueue/worker.ts')} */
const { WORK_QUEUE_WORKER } = await built('workqueue/worker');
/** @type {typeof import('../../framework/scheduler/target/heap.ts')} */
const { Heap } = await built('scheduler/target/heap');

/** @typedef {import('../../framework/scheduler/scheduler.ts').SchedulerEvent} SchedulerEvent */

const { values: flags } = parseArgs({
  options: {
    workers: { type: 'string', default: '10000' },
    managers: { type: 'string' },
    agents: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    'real-seconds': { type: 'string', default: '3600' },
  },
});
const WORKERS = Number(flags.workers);
const MANAGERS = Number(flags.managers ?? Math.ceil(WORKERS / 10));
const AGENTS = Number(flags.agents ?? Math.ceil(WORKERS / 16));
const END_MS = Number(flags.minutes) * 60_000;
const TICK_MS = 500;
/** The framework's sources report changes at most this often. */
const LOOK_MS = 50;

const START = 1_800_000_000_000;
const { uniform: random } = randomOf(1);
/** @type {InstanceType<typeof Heap<{at: number, run: () => void}>>} */
const later = new Heap((a, b) => a.at < b.at);
let now = START;
const after = (/** @type {number} */ ms, /** @type {() => void} */ run) => later.push({ at: now + ms, run });

const pool = { ...defaultPool(WORK_QUEUE_WORKER), max: 1e6, launchesPerSecond: 1e6 };
const scheduler = new Scheduler(replay([pool], [{ type: 'framework', id: 'F', sequence: 1 }]));
/** @type {number[]} */
const frames = [];
let slow = { ms: 0, what: '' };
let memory = 0;
let mostWorkers = 0;

/** @param {SchedulerEvent} event */
function handle(event) {
  const begin = process.cpuUsage();
  const { calls } = scheduler.handle(event, now);
  const { user, system } = process.cpuUsage(begin);
  const ms = (user + system) / 1000;
  frames.push(ms);
  if (ms > slow.ms) slow = { ms, what: event.type === 'mesos' ? event.event.type : event.type };
  for (const call of calls) cluster.take(call);
  if (frames.length % 500 === 0) memory = Math.max(memory, process.memoryUsage.rss());
  mostWorkers = Math.max(mostWorkers, scheduler.state.workers.size);
}

const managers = new SimulatedManagers({ random, after, time: () => now, stop: (id) => cluster.finish(id) });
const cluster = new SimulatedCluster(AGENTS, {
  after,
  time: () => now,
  tell: (event) => handle({ type: 'mesos', event }),
  started: (id, manager) => managers.join(id, manager),
  ended: (id) => managers.leave(id),
});

scheduler.subscription({ user: 'u', name: 'n' });
handle({ type: 'mesos', event: { type: 'SUBSCRIBED', subscribed: { framework_id: { value: 'F' } } } });
for (let count = 0; count < MANAGERS; count++) {
  const atMidnight = count % 2 === 0;
  const address = `10.${count >> 16}.${(count >> 8) & 255}.${count & 255}:9123`;
  after(random() * (atMidnight ? 60_000 : END_MS * 0.8), () => managers.begin(Math.round(WORKERS / MANAGERS), address));
}
const every = (/** @type {number} */ ms, /** @type {() => void} */ run) => {
  run();
  after(ms, () => every(ms, run));
};
every(TICK_MS, () => handle({ type: 'tick' }));
every(1000, () => cluster.allocate());
every(LOOK_MS, () => {
  const demand = managers.demand();
  if (demand) handle({ type: 'demand', demand });
});
const began = performance.now();
const isOver = () => performance.now() - began > Number(flags['real-seconds']) * 1000;
for (let next = later.pop(); next && next.at < START + END_MS && !isOver(); next = later.pop()) {
  now = next.at;
  next.run();
}

frames.sort((a, b) => a - b);
const part = (/** @type {number} */ share) => (frames[Math.floor(share * (frames.length - 1))] ?? 0).toFixed(2);
const { launches } = scheduler.state.counters;
const { ACKNOWLEDGE = 0, ...others } = cluster.calls;
const total = Object.values(others).reduce((sum, count) => sum + count, 0);
const workers = Math.max(1, launches);
console.log(
  `${WORKERS} tasks of ${MANAGERS} managers in ${flags.minutes} min (simulated: ${((now - START) / 60_000).toFixed(1)}), ${AGENTS} agents, Node ${process.version}, ${cpus()[0]?.model}`,
);
console.log(`workers: ${launches} launched, at most ${mostWorkers} at once; ${managers.left} tasks are left`);
console.log(
  `frames: ${frames.length}, ms of CPU: median ${part(0.5)}, 99 % ${part(0.99)}, most ${part(1)} (${slow.what}); ${frames.filter((ms) => ms > 50).length} took more than 50`,
);
console.log(
  `memory: ${Math.round(memory / 2 ** 20)} MB; ${Math.round((performance.now() - began) / 1000)} s for the whole day`,
);
console.log(
  `calls: ${(total / workers).toFixed(2)} a worker, and ${(ACKNOWLEDGE / workers).toFixed(2)} acknowledgements: ${JSON.stringify(cluster.calls)}`,
);
