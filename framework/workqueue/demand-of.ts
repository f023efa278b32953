import type { ManagerDemand } from './demand.ts';
import { isFresh, type Sighting, STALE_MS } from './listings.ts';
import { isSameRun, type Knowledge } from './manager-status.ts';
import type { ManagerRecord } from './records.ts';
import { waitingNeeds } from './task-needs.ts';

/**
 * What a manager needs, as far as we know; undefined for one that is dead, foreign, or was never reached and is
 * only claimed to exist by something unreliable.
 *
 * - The manager's own last word counts as long as the manager lives. While it is silent, or cannot be reached, it is
 *   kept and `silentSince` says since when there is no news. Unreachable, it counts for as long as a catalog row would.
 * - The catalog's numbers count only where the manager cannot be reached at all, or no longer.
 * - A manager that was silent from the start is listed, so that nobody takes its workers away, but without a single
 *   waiting task: its row cannot be told from that of a manager whose port was reused, and it would accept no worker now.
 * - A locked one is listed as its row describes it: it is there, but nothing can be done for it.
 */
export function demandOf(sighting: Sighting, known: Knowledge, now: number): ManagerDemand | undefined {
  const { state, record, asOf, tasks, workers } = known;
  const row = sighting.row && isFresh(sighting.row, now) ? sighting.row : undefined;
  const running = tasks?.picture.running ?? [];

  if (state === 'answering' || state === 'silent' || state === 'failing') {
    if (record) {
      if (state === 'failing' && row && row.lastHeardFrom > asOf && isSameRun(row, record)) {
        return {
          ...fromCatalog(row, row.lastHeardFrom),
          running,
          workers: workers?.list ?? [],
          silentSince: known.since,
        };
      }
      if (state === 'failing' && now - asOf > STALE_MS) return undefined;
      return {
        ...identity(record),
        source: 'manager',
        asOf,
        ...(state !== 'answering' && { silentSince: known.since }),
        tasksWaiting: record.tasksWaiting,
        tasksOnWorkers: record.tasksOnWorkers,
        waiting: waitingNeeds(record, tasks?.picture),
        running: record.tasksOnWorkers > 0 ? running : [],
        workers: workers?.list ?? [],
      };
    }
    if (row && state === 'silent') {
      return { ...fromCatalog(row, row.lastHeardFrom), tasksWaiting: 0, waiting: [], silentSince: known.since };
    }
    if (row && known.failure === 'unreachable') return fromCatalog(row, row.lastHeardFrom);
  }
  if (state === 'locked' && row) return { ...fromCatalog(row, row.lastHeardFrom), locked: known.reason };
  return undefined;

  function identity(source: ManagerRecord) {
    return {
      address: sighting.address,
      host: sighting.host,
      port: sighting.port,
      project: source.project,
      owner: source.owner,
      startedAt: source.startedAt,
      priority: source.priority,
      protocol: source.protocol,
      version: source.version,
      ...(known.protected && { needsPassword: true }),
    };
  }

  function fromCatalog(source: ManagerRecord, heardAt: number): ManagerDemand {
    return {
      ...identity(source),
      source: 'catalog',
      asOf: heardAt,
      tasksWaiting: source.tasksWaiting,
      tasksOnWorkers: source.tasksOnWorkers,
      waiting: waitingNeeds(source, tasks?.picture),
      running: [],
      workers: [],
    };
  }
}

/**
 * Why a manager cannot be asked, in words for the operator. That what a catalog row claims is gone is no problem: rows
 * outlive their managers by half an hour.
 */
export function problemOf(sighting: Sighting, known: Knowledge): string | undefined {
  const { row, address } = sighting;
  const who = row ? `manager of "${row.project}" at ${address}` : `manager at ${address}`;
  switch (known.state) {
    case 'failing':
      return `${who}: ${known.reason}`;
    case 'locked':
      return row ? undefined : `${who}: ${known.reason}; no workers are started for it`;
    case 'dead':
    case 'foreign':
      return row ? undefined : `${who} is not there (yet): ${known.reason}`;
    default:
      return undefined;
  }
}
