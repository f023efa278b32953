import type { ProjectDemand } from '../demand/demand.ts';
import type { CatalogRow } from './catalog.ts';
import { isFresh, type Listing, STALE_MS } from './listings.ts';
import { isSameRun, type ManagerStatus } from './manager-status.ts';
import type { ManagerRecord } from './records.ts';
import { waitingNeeds } from './task-needs.ts';
import { WORK_QUEUE_WORKER } from './worker.ts';

/**
 * From this protocol on a manager gives each task a share of the worker. We tried it: cctools 7.14.5 (protocol 11) does, the
 * 8.0.0 DEVELOPMENT of Debian 12 (protocol 9) does not. We found no program with protocol 10.
 */
const SHARES_SINCE = 11;

/**
 * The demand of a manager, as far as it is known; undefined for a manager that has ended, that is another one, or that was never
 * reached and is only listed by an unreliable catalog.
 *
 * - The manager's own last answer counts while the manager lives. While it is silent or cannot be reached, the answer is
 *   kept, and `silentSince` says since when. If it cannot be reached, its answer counts for as long as a catalog row would.
 * - The catalog's numbers count only when the manager itself cannot be reached.
 * - A manager that was silent from the start is listed, so that its workers are not taken back, but without
 *   waiting tasks: its port may belong to another manager by now, and it would accept no worker now.
 * - A manager that needs a password is listed as in its catalog row: it exists, but nothing can be done for it.
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
    const remedy = known.protected ? '. Put its password into the file of --password' : '';
    return { ...fromCatalog(row), closed: `${known.reason}${remedy}` };
  }
  return undefined;

  function fromCatalog(source: CatalogRow): ProjectDemand {
    return { ...identity(source, source.lastHeardFrom), running: [] };
  }

  function identity(source: ManagerRecord, heardAt: number) {
    const { project, owner, startedAt, protocol, version, tasksWaiting, tasksOnWorkers, taskSeconds } = source;
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
      // A manager refuses workers of another protocol, and they end without an error.
      advice: `its manager speaks Work Queue protocol ${protocol} (version ${version}). Check that the workers speak it too`,
      ...(taskSeconds !== undefined && { taskSeconds }),
      allotment: protocol < SHARES_SINCE ? ('requests' as const) : ('shares' as const),
      ...(known.protected && record && { authenticated: true }),
    };
  }
}

/**
 * Why a manager cannot be asked, as a sentence for the operator. A catalog row of a manager that has ended is no problem: rows
 * remain for half an hour.
 */
export function problemOf(listing: Listing, known: ManagerStatus): string | undefined {
  const { row, address } = listing;
  const who = row ? `manager of "${row.project}" at ${address}` : `manager at ${address}`;
  switch (known.state) {
    case 'failing':
      return `${who} ${known.reason}`;
    case 'locked':
      return row ? undefined : `${who} ${known.reason}. It gets no workers`;
    case 'dead':
    case 'foreign':
      return row ? undefined : `${who} has not started yet, or has ended: it ${known.reason}`;
    default:
      return undefined;
  }
}
