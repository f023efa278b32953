import { Counter, Gauge, Registry } from 'prom-client';
import type { Driver } from '../driver.ts';
import { pausing } from '../scheduler/state/backoff.ts';

/** Prometheus metrics, read from the scheduler's state at each request. */
export function metricsOf(driver: Driver): Registry {
  const registry = new Registry();
  const { scheduler } = driver;
  const registers = [registry];
  addProcess(registers);

  new Gauge({
    name: 'workqueue_subscribed',
    help: '1 while subscribed to a Mesos master',
    registers,
    collect() {
      this.set(scheduler.state.subscribed ? 1 : 0);
    },
  });
  new Gauge({
    name: 'workqueue_tasks',
    help: 'Tasks of each project, by state',
    labelNames: ['project', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { name: project, tasksWaiting, tasksOnWorkers } of scheduler.state.demand?.projects ?? []) {
        this.inc({ project, state: 'waiting' }, tasksWaiting);
        this.inc({ project, state: 'on-worker' }, tasksOnWorkers);
      }
    },
  });
  new Gauge({
    name: 'workqueue_workers',
    help: 'Workers of each pool, by phase',
    labelNames: ['pool', 'phase'],
    registers,
    collect() {
      this.reset();
      for (const { pool, phase } of scheduler.state.workers.values()) this.inc({ pool, phase });
    },
  });
  new Gauge({
    name: 'workqueue_workers_missing',
    help: 'Workers that the tasks of each project need and that are not launched yet',
    labelNames: ['project'],
    registers,
    collect() {
      this.reset();
      for (const { project, missing } of scheduler.state.targets.values()) {
        for (const { count } of missing) this.inc({ project }, count);
      }
    },
  });
  new Gauge({
    name: 'workqueue_pool_paused',
    help: '1 while a pool launches nothing because its workers failed early',
    labelNames: ['pool'],
    registers,
    collect() {
      this.reset();
      for (const { name } of scheduler.state.pools) {
        this.set({ pool: name }, pausing(scheduler.state.poolBackoffs.get(name), driver.now()) ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'workqueue_offers_held',
    help: 'Offers that the framework holds',
    registers,
    collect() {
      this.set(scheduler.state.offers.size);
    },
  });
  for (const [key, name, help] of [
    ['launches', 'launches', 'Workers launched'],
    ['kills', 'kills', 'Kills sent to Mesos'],
    ['declines', 'declines', 'Decline calls'],
    ['failedEarly', 'workers_failed_early', 'Workers that failed before they connected or soon after'],
  ] as const) {
    new Counter({
      name: `workqueue_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(scheduler.state.counters[key]);
      },
    });
  }
  return registry;
}

/**
 * Metrics of the process, under the names that all Prometheus clients use. prom-client's own default metrics do not suit a
 * process that mostly sleeps: their timer for the event loop alone wakes it a hundred times a second.
 */
function addProcess(registers: Registry[]): void {
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'CPU time, user and system, in seconds',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory in bytes',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({ name: 'process_start_time_seconds', help: 'Start, in seconds since 1970', registers }).set(
    Math.round(performance.timeOrigin / 1000),
  );
}
