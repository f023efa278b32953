// The managers of `day-embedded.mjs` on the network: each listens on a port of its own, where workers connect and the framework asks, and
// reports to the catalog as a real one does. What a manager does with its tasks is decided in `day-managers.mjs`.
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** @typedef {import('../../framework/demand/demand.ts').ProjectDemand} ProjectDemand */
/** @typedef {import('./day-managers.mjs').SimulatedManagers} SimulatedManagers */
/** @typedef {{server: import('node:net').Server, row: Record<string, unknown>, tasks: number, dispatched: number, joined: number, removed: number, report: NodeJS.Timeout, begun: number, served: number | undefined}} Post */

/** The record of a manager of protocol 11, as the real one has sent it. */
const [RECORD] = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', 'fixtures', 'workqueue', 'HEAD_queue_status.json'), 'utf8'),
);
/** A real manager reports to the catalog at its start, then so often, and at its end. */
const REPORT_MS = 60_000;

export class ManagerPorts {
  /** @type {SimulatedManagers} */
  #managers;
  #catalogPort;
  #catalog = createSocket('udp4').unref();
  /** @type {Map<string, Post>} by `host:port` */
  #posts = new Map();
  /** @type {Map<string, {socket: import('node:net').Socket, address: string}>} the workers that are connected, by their tags */
  #workers = new Map();
  #count = 0;
  /** The most workers at once, questions of the framework, and how long each manager's tasks waited until the last of them had a worker, ms. */
  facts = { mostWorkers: 0, questions: 0, served: /** @type {{at: number, ms: number}[]} */ ([]) };

  /** @param {SimulatedManagers} managers @param {number} catalogPort */
  constructor(managers, catalogPort) {
    this.#managers = managers;
    this.#catalogPort = catalogPort;
  }

  get workers() {
    return this.#workers.size;
  }
  get managers() {
    return this.#posts.size;
  }

  /** A manager begins on a free port. @param {number} tasks */
  begin(tasks) {
    const server = createServer((socket) => this.#greet(socket, address));
    let address = '';
    server.listen({ port: 0, host: '127.0.0.1', backlog: 511 }, () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      address = `127.0.0.1:${port}`;
      const begun = Date.now();
      const started = { starttime: Math.floor(begun / 1000), time_when_started: begun * 1000 + (this.#count % 1000) };
      const row = { ...RECORD, ...started, port, project: `night-${this.#count++}` };
      const report = setInterval(() => this.#report(address), REPORT_MS);
      const counts = { dispatched: 0, joined: 0, removed: 0, served: undefined };
      this.#posts.set(address, { server, row, tasks, report, begun, ...counts });
      this.#managers.begin(tasks, address);
      this.#report(address);
    });
  }

  /** A worker ends, because its manager has ended: then this manager is closed, with all of its connections. @param {string} id */
  stop(id) {
    const worker = this.#workers.get(id);
    worker?.socket.destroy();
    const post = this.#posts.get(worker?.address ?? '');
    if (!worker || !post || this.#managers.look(worker.address)) return;
    this.#report(worker.address);
    clearInterval(post.report);
    post.server.close();
    this.#posts.delete(worker.address);
  }

  /** Ends whatever is left. */
  close() {
    for (const { server, report } of this.#posts.values()) {
      clearInterval(report);
      server.close();
    }
    for (const { socket } of this.#workers.values()) socket.destroy();
    this.#catalog.close();
  }

  /** The first line says who connects: a worker, or somebody with a question. @param {import('node:net').Socket} socket @param {string} address */
  #greet(socket, address) {
    socket.on('error', () => socket.destroy());
    socket.once('data', (data) => {
      const [word, , , tag] = data.toString('latin1').trim().split(' ');
      if (word === 'workqueue' && tag !== undefined) this.#join(socket, tag, address);
      else {
        this.facts.questions++;
        socket.end(JSON.stringify(this.#answer(String(word), address)));
      }
    });
  }

  /** @param {import('node:net').Socket} socket @param {string} tag @param {string} address */
  #join(socket, tag, address) {
    const post = this.#posts.get(address);
    if (!post) return void socket.destroy();
    this.#workers.set(tag, { socket, address });
    this.facts.mostWorkers = Math.max(this.facts.mostWorkers, this.#workers.size);
    post.joined++;
    socket.once('close', () => {
      this.#workers.delete(tag);
      post.removed++;
      this.#managers.leave(tag);
    });
    this.#managers.join(tag, address);
    const { tasksWaiting = 0 } = this.#managers.look(address) ?? {};
    post.dispatched = post.tasks - tasksWaiting;
    if (tasksWaiting > 0 || post.served !== undefined) return;
    post.served = Date.now();
    this.facts.served.push({ at: post.begun, ms: post.served - post.begun });
  }

  /** @param {string} question @param {string} address @returns {unknown} */
  #answer(question, address) {
    const post = this.#posts.get(address);
    const seen = this.#managers.look(address);
    if (!post || !seen) return [];
    if (question === 'queue_status') return [this.#record(post, seen)];
    if (question === 'task_status') return tasksOf(seen);
    return (seen.workers ?? []).map(workerOf);
  }

  /** @param {Post} post @param {ProjectDemand} seen */
  #record({ row, tasks, dispatched, joined, removed }, { tasksWaiting, tasksOnWorkers, workers = [] }) {
    const count = workers.length;
    const states = { tasks_waiting: tasksWaiting, tasks_on_workers: tasksOnWorkers, tasks_running: tasksOnWorkers };
    const done = tasks - tasksWaiting - tasksOnWorkers;
    return {
      ...row,
      ...states,
      ...{ tasks_submitted: tasks, tasks_dispatched: dispatched, tasks_done: done, tasks_complete: done },
      ...{ workers: count, workers_connected: count, workers_joined: joined, workers_removed: removed },
      ...{ workers_busy: tasksOnWorkers, workers_idle: count - tasksOnWorkers },
      ...{ cores_total: count, memory_total: count * 1024, disk_total: count * 1024 },
      ...{ tasks_total_cores: tasks, tasks_total_memory: tasks * 1024, tasks_total_disk: tasks * 1024 },
      categories: [
        { ...RECORD.categories[0], ...states, tasks_dispatched: dispatched, tasks_done: done, category: 'default' },
      ],
    };
  }

  /** @param {string} address */
  #report(address) {
    const post = this.#posts.get(address);
    if (!post) return;
    const ended = { tasksWaiting: 0, tasksOnWorkers: 0 };
    const record = this.#record(post, this.#managers.look(address) ?? /** @type {ProjectDemand} */ (ended));
    this.#catalog.send(JSON.stringify(record), this.#catalogPort, '127.0.0.1');
  }
}

/** @param {ProjectDemand} seen */
function tasksOf({ tasksWaiting, tasksOnWorkers }) {
  const need = { priority: '0', disk: 1024, memory: 1024, gpus: -1, cores: 1, category: 'default' };
  return Array.from({ length: tasksWaiting + tasksOnWorkers }, (_, index) => {
    const state = index < tasksWaiting ? 'WAITING' : 'RUNNING';
    return { ...need, command: `./reconstruct.sh ${index} > reconstruct.${index}.log 2>&1`, state, taskid: index + 1 };
  });
}

/** @param {NonNullable<ProjectDemand['workers']>[number]} worker */
function workerOf({ tag, hostname, shape, tasksRunning }) {
  const of = (/** @type {string} */ name, /** @type {number} */ total) => ({
    [`${name}_total`]: total,
    [`${name}_smallest`]: total,
    [`${name}_largest`]: total,
    [`${name}_inuse`]: tasksRunning > 0 ? total : 0,
  });
  return {
    ...(tasksRunning > 0 && {
      current_task_000_id: 1,
      current_task_000_command: './reconstruct.sh 1 > reconstruct.1.log 2>&1',
    }),
    ...of('gpus', 0),
    ...of('disk', shape.disk),
    ...of('memory', shape.memory),
    ...of('cores', shape.cores),
    ...{ total_tasks_running: tasksRunning, ncpus: 1, arch: 'x86_64', os: tag, hostname },
  };
}
