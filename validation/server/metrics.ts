import { Gauge, Histogram, Registry } from 'prom-client';
import { isLive, STATUSES } from '../runs/store/record.ts';
import type { FindingCounts } from './reports.ts';
import type { IndexedRun } from './run-index.ts';

const VERDICTS = STATUSES.slice(3);

export interface MetricSources {
  /** Newest first. */
  runs(): readonly IndexedRun[];
  counts(run: IndexedRun): Promise<FindingCounts | undefined>;
  connections(): number;
  sockets(): number;
}

export interface ServerMetrics {
  registry: Registry;
  /** Durations of requests in seconds, by route and status. */
  requests: Histogram<'route' | 'status'>;
}

/** Metrics of runs for Prometheus. They are read from the index at each request. Each workflow and name of runs has one series. */
export function metricsOf(sources: MetricSources): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    fill: (set: (labels: Record<Label, string>, value: number) => void) => void | Promise<void>,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        this.reset();
        await fill((labels, value) => this.inc(labels, value));
      },
    });
  };
  const live = () => sources.runs().filter(({ status }) => isLive(status));
  const ofRun = ({ record: { workflow, name } }: IndexedRun) => ({ workflow, name });
  const lastEnded = () => newestOfEach(sources.runs().filter(({ record }) => record.ended !== undefined));

  gauge('relval_runs', 'Runs that are kept, by status', ['workflow', 'name', 'status'], (set) => {
    for (const run of sources.runs()) set({ ...ofRun(run), status: run.status }, 1);
  });
  gauge('relval_steps', 'Steps of the runs under way, by state', ['workflow', 'name', 'state'], (set) => {
    for (const run of live()) {
      const { steps, succeeded, failed, broken, running } = run.record.totals;
      const waiting = steps - succeeded - failed - broken - running;
      for (const [state, count] of Object.entries({ waiting, running, succeeded, failed, broken })) {
        set({ ...ofRun(run), state }, count);
      }
    }
  });
  gauge(
    'relval_last_run_verdict',
    '1 for the verdict of the last run that has ended, 0 for the others',
    ['workflow', 'name', 'verdict'],
    (set) => {
      for (const run of lastEnded()) {
        for (const verdict of VERDICTS) set({ ...ofRun(run), verdict }, run.record.verdict === verdict ? 1 : 0);
      }
    },
  );
  gauge(
    'relval_last_run_end_timestamp_seconds',
    'When the last run ended, in seconds since 1970',
    ['workflow', 'name'],
    (set) => {
      for (const run of lastEnded()) set(ofRun(run), (run.record.ended ?? 0) / 1000);
    },
  );
  gauge('relval_last_run_duration_seconds', 'How long the last run took', ['workflow', 'name'], (set) => {
    for (const run of lastEnded()) set(ofRun(run), ((run.record.ended ?? 0) - run.record.created) / 1000);
  });
  gauge(
    'relval_last_run_findings',
    'Findings of the last run that has ended; new: errors that its reference run did not have',
    ['workflow', 'name', 'kind'],
    async (set) => {
      for (const run of lastEnded()) {
        const counts = await sources.counts(run);
        if (!counts) continue;
        set({ ...ofRun(run), kind: 'error' }, counts.errors);
        set({ ...ofRun(run), kind: 'warning' }, counts.warnings);
        if (counts.newErrors !== undefined) set({ ...ofRun(run), kind: 'new' }, counts.newErrors);
      }
    },
  );
  gauge('relval_server_connections', 'Open HTTP connections of the server of runs', [], (set) => {
    set({}, sources.connections());
  });
  gauge('relval_server_websockets', 'Open WebSockets: pages that watch a run or a log', [], (set) => {
    set({}, sources.sockets());
  });
  gauge('process_resident_memory_bytes', 'Resident memory in bytes', [], (set) => set({}, process.memoryUsage.rss()));
  gauge('process_start_time_seconds', 'Start, in seconds since 1970', [], (set) => {
    set({}, Math.round(performance.timeOrigin / 1000));
  });
  const requests = new Histogram({
    name: 'relval_http_request_duration_seconds',
    help: 'Time until a request was answered',
    labelNames: ['route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.3, 1, 3, 10],
    registers,
  });
  return { registry, requests };
}

/** The newest run of each workflow and name. @param runs newest first */
function newestOfEach(runs: readonly IndexedRun[]): IndexedRun[] {
  const newest = new Map<string, IndexedRun>();
  for (const run of runs) {
    const key = JSON.stringify([run.record.workflow, run.record.name]);
    if (!newest.has(key)) newest.set(key, run);
  }
  return [...newest.values()];
}
