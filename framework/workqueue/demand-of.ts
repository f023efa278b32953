import type { ProjectDemand } from '../demand/demand.ts';
import type { CatalogRow } from './catalog.ts';
import { isFresh, type Listing, STALE_MS } from './listings.ts';
import { isSameRun, type ManagerStatus } from './manager-status.ts';
import type { ManagerRecord } from './records.ts';
import { waitingNeeds } from './task-needs.ts';
import { WORK_QUEUE_WORKER } from './worker.ts';

/**
 * From this protocol on a manager gives each task a share of the worker. Tried: cctools 7.14.5 does (protocol 11), the
 * 8.0.0 DEVELOPMENT of Debian 12 does not (9). Nothing that speaks 10 was found.
 */
const SHARES_SINCE = 11;

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
export function demandOf(listing: Listing, known: ManagerStatus, now: number): ProjectDemand | undefined {
  const { state, record, asOf, tasks, workers } = known;
  const row = listing.row && isFresh(listing.row, now) ? listing.row : undefined;
  const running = tasks?.picture.running ?? [];

  if (state === 'answering' || state === 'silent' || state === 'failing') {
    if (record) {
      if (state === 'failing' && row && row.lastHeardFrom > asOf && isSameRun(row, record)) {
        return { ...fromCatalog(row), running, silentSince: known.since };
      }
      if (state === 'failing' && now - asOf > STALE_MS) return undefined;
      return {
        ...identity(record, asOf),
        ...(state !== 'answering' && { silentSince: known.since }),
        running: record.tasksOnWorkers > 0 ? running : [],
        workers: workers?.list ?? [],
      };
    }
    if (row && state === 'silent') {
      return { ...fromCatalog(row), tasksWaiting: 0, waiting: [], silentSince: known.since };
    }
    if (row && known.failure === 'unreachable') return fromCatalog(row);
  }
  if (state === 'locked' && row) {
    const remedy = known.protected ? ' (the password belongs into the file of --password)' : '';
    return { ...fromCatalog(row), closed: `${known.reason}${remedy}` };
  }
  return undefined;

  function fromCatalog(source: CatalogRow): ProjectDemand {
    return { ...identity(source, source.lastHeardFrom), running: [] };
  }

  function identity(source: ManagerRecord, heardAt: number) {
    const { project, owner, startedAt, protocol, version, tasksWaiting, tasksOnWorkers } = source;
    return {
      source: WORK_QUEUE_WORKER.source,
      manager: listing.address,
      name: project,
      owner,
      startedAt,
      asOf: heardAt,
      tasksWaiting,
      tasksOnWorkers,
      waiting: waitingNeeds(source, tasks?.picture),
      // Workers of another protocol are turned away, and end without an error.
      advice: `its manager speaks Work Queue protocol ${protocol} (version ${version}): so must the workers`,
      allotment: protocol < SHARES_SINCE ? ('requests' as const) : ('shares' as const),
      ...(known.protected && record && { authenticated: true }),
    };
  }
}

/**
 * Why a manager cannot be asked, in words for the operator. That what a catalog row claims is gone is no problem: rows
 * outlive their managers by half an hour.
 */
export function problemOf(listing: Listing, known: ManagerStatus): string | undefined {
  const { row, address } = listing;
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
