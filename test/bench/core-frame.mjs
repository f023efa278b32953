// npm run bench:core [-- --agents 10000 --projects 1000 --tasks 100000]
// What a frame of the scheduler core costs on a large cluster: by default 10,000 agents with offers, 1,000 projects and
// 100,000 waiting tasks. One line a kind of frame: ms (the best, median and worst of several), what it decided.
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

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

const { values: flags } = parseArgs({
  options: {
    agents: { type: 'string', default: '10000' },
    projects: { type: 'string', default: '1000' },
    tasks: { type: 'string', default: '100000' },
  },
});
const [AGENTS, PROJECTS, TASKS] = [Number(flags.agents), Number(flags.projects), Number(flags.tasks)];
const CORES = 16;
const EACH = Math.round(TASKS / PROJECTS);

let now = 1_800_000_000_000;
let offers = 0;

/** @typedef {import('../../framework/scheduler/scheduler.ts').SchedulerEvent} SchedulerEvent */
/** @typedef {import('../../framework/demand/demand.ts').ProjectDemand} ProjectDemand */

/** @param {number} agent @param {number} cores */
function offer(agent, cores) {
  const allocation_info = { role: '*' };
  const scalar = (/** @type {string} */ name, /** @type {number} */ value) => ({
    ...{ name, type: 'SCALAR', scalar: { value }, allocation_info },
  });
  return {
    id: { value: `offer-${++offers}` },
    framework_id: { value: 'F' },
    agent_id: { value: `agent-${agent}` },
    hostname: `agent-${agent}.example`,
    resources: [scalar('cpus', cores), scalar('mem', 65_536), scalar('disk', 500_000)],
    attributes: [{ name: 'rack', type: 'TEXT', text: { value: `r${agent % 100}` } }],
    allocation_info,
  };
}

/** @param {number} index @param {number} waiting @param {string[]} tags @returns {ProjectDemand} */
function manager(index, waiting, tags) {
  return {
    manager: `10.1.${index >> 8}.${index & 255}:9123`,
    name: `project-${index}`,
    ...{ source: 'workqueue', owner: 'o', startedAt: 1, asOf: now },
    ...{ tasksWaiting: waiting, tasksOnWorkers: tags.length },
    waiting: waiting > 0 ? [{ category: 'default', count: waiting, cores: 1, memory: 1024, disk: 1024 }] : [],
    running: [],
    workers: tags.map((tag) => ({
      tag,
      hostname: 'h',
      shape: { cores: 1, memory: 1024, disk: 1024 },
      tasksRunning: 1,
    })),
  };
}

/** @param {object} changes */
function core(changes = {}) {
  const pool = { ...defaultPool(WORK_QUEUE_WORKER), max: 1e6, launchesPerSecond: 1e6, ...changes };
  const scheduler = new Scheduler(replay([pool], [{ type: 'framework', id: 'F', sequence: 1 }]));
  scheduler.state.proven.add('default');
  scheduler.subscription({ user: 'u', name: 'n' });
  handle(scheduler, { type: 'mesos', event: { type: 'SUBSCRIBED', subscribed: { framework_id: { value: 'F' } } } });
  return scheduler;
}

/** @param {InstanceType<typeof Scheduler>} scheduler @param {SchedulerEvent} event */
function handle(scheduler, event) {
  const start = performance.now();
  const { calls } = scheduler.handle(event, now);
  const ms = performance.now() - start;
  const launched = calls.reduce((sum, { accept }) => sum + (accept?.operations[0]?.launch.task_infos.length ?? 0), 0);
  return { ms, launched, calls: calls.length };
}

/** @param {string} name @param {{ms: number, launched: number, calls: number}[]} frames */
function print(name, frames) {
  const times = frames.map(({ ms }) => ms).sort((a, b) => a - b);
  const median = times[times.length >> 1];
  const last = frames.at(-1);
  const [best, middle, worst] = [times[0], median, times.at(-1)].map((ms) => (ms ?? 0).toFixed(2).padStart(8));
  console.log(`${name.padEnd(58)}${best}${middle}${worst}   ${last?.launched} launches, ${last?.calls} calls`);
}

const allOffers = (/** @type {number} */ cores) => ({
  type: 'mesos',
  event: { type: 'OFFERS', offers: { offers: Array.from({ length: AGENTS }, (_, agent) => offer(agent, cores)) } },
});
const look = (/** @type {ProjectDemand[]} */ managers) => ({
  type: 'demand',
  demand: { at: now, projects: managers, problems: [] },
});
const wanting = (/** @type {number} */ each) => Array.from({ length: PROJECTS }, (_, i) => manager(i, each, []));

console.log(
  `${AGENTS} agents, ${PROJECTS} projects, ${TASKS} waiting tasks, Node ${process.version}, ${cpus()[0]?.model}`,
);
console.log(`${'frame'.padEnd(58)}    best  median   worst   ms`);

/** @param {number} count @param {() => {ms: number, launched: number, calls: number}} run */
const repeat = (count, run) => Array.from({ length: count }, run);

const cold = repeat(5, () => handle(core(), look(wanting(EACH))));
print('first look at all managers', cold);

print(
  'offers of all agents, nothing wanted',
  repeat(5, () => handle(core(), allOffers(CORES))),
);
print(
  'offers of all agents, one worker wanted',
  repeat(5, () => {
    const scheduler = core();
    handle(scheduler, look([manager(0, 1, [])]));
    return handle(scheduler, allOffers(CORES));
  }),
);
print(
  'offers of all agents, 1,000 workers wanted, spread',
  repeat(5, () => {
    const scheduler = core();
    handle(scheduler, look(wanting(Math.round(1000 / PROJECTS))));
    return handle(scheduler, allOffers(CORES));
  }),
);
print(
  'the same, with UNIQUE racks',
  repeat(5, () => {
    const scheduler = core({ constraints: [{ field: 'rack', operator: 'MAX_PER', limit: 20 }] });
    handle(scheduler, look(wanting(Math.round(1000 / PROJECTS))));
    return handle(scheduler, allOffers(CORES));
  }),
);
print(
  'offers of all agents, none large enough',
  repeat(5, () => {
    const scheduler = core();
    handle(scheduler, look(wanting(1)));
    return handle(scheduler, allOffers(0.5));
  }),
);
let busy = core();
print(
  'offers of all agents, a worker for every task',
  repeat(3, () => {
    busy = core();
    handle(busy, look(wanting(EACH)));
    return handle(busy, allOffers(CORES));
  }),
);

const tags = new Map(
  Array.from({ length: PROJECTS }, (_, i) => [manager(i, 0, []).manager, /** @type {string[]} */ ([])]),
);
for (const { id, manager: address } of busy.state.workers.values()) tags.get(address)?.push(id);
const all = [...tags.values()].map((own, index) => manager(index, 0, own));
now += 1000;
print('look at all managers with all their workers connected', [handle(busy, look(all))]);
print(
  'look in which one manager has changed',
  repeat(20, () => {
    now += 20;
    const changed = [...all];
    changed[7] = manager(7, 1, tags.get(manager(7, 0, []).manager) ?? []);
    return handle(busy, look(changed));
  }),
);
print(
  'a tick with all workers busy',
  repeat(20, () => {
    now += 500;
    return handle(busy, { type: 'tick' });
  }),
);
const [some] = busy.state.workers.keys();
print(
  'a status update',
  repeat(1000, () => {
    const status = { task_id: { value: some ?? '' }, state: 'TASK_RUNNING', agent_id: { value: 'agent-0' } };
    return handle(busy, { type: 'mesos', event: { type: 'UPDATE', update: { status } } });
  }),
);
console.log(`${busy.state.workers.size} workers, ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB resident`);
