import { formatHostPort, type HostPort } from '../net/address.ts';
import type { CatalogRow } from './catalog.ts';

/** An address where a manager should be asked, and what a catalog says about it. */
export interface Listing extends HostPort {
  /** `host:port` for us and for the workers. */
  address: string;
  /** Absent when the manager was named directly. */
  row?: CatalogRow;
}

/** The rows of one catalog, as last read. */
export interface CatalogView {
  catalog: HostPort;
  rows: CatalogRow[];
}

/**
 * A row of this age belongs to a manager that has ended, ms: managers report every 60 s, so it missed two reports. The catalog
 * itself keeps rows for half an hour. Times of rows are by this machine's clock here, also where the catalog's differs.
 */
export const STALE_MS = 130_000;

/** Whether a row is fresh at `now`. */
export function isFresh(row: CatalogRow, now: number): boolean {
  return now - row.lastHeardFrom <= STALE_MS;
}

/**
 * The managers that several catalogs list: fresh rows, each manager once.
 * Two catalogs may list a manager at different addresses (one of them on its own machine). It then keeps the address that is
 * in use already; else an address that is not loopback is preferred, then the order of the catalogs. Of two managers that
 * have used the same address, the one that started last is there now.
 *
 * @param followed addresses that are in use already
 */
export function listings(views: CatalogView[], now: number, followed: ReadonlySet<string>): Listing[] {
  const byAddress = new Map<string, Listing & { row: CatalogRow }>();
  for (const { catalog, rows } of views) {
    for (const row of rows) {
      if (!isFresh(row, now)) continue;
      const peer = { host: managerHost(row, catalog), port: row.port };
      const address = formatHostPort(peer);
      const known = byAddress.get(address)?.row;
      if (!known || isNewer(row, known)) byAddress.set(address, { ...peer, address, row });
    }
  }
  const rank = ({ address, host }: Listing) => (followed.has(address) ? 0 : isLoopback(host) ? 2 : 1);
  const chosen: (Listing & { row: CatalogRow })[] = [];
  const chosenByPort = new Map<number, CatalogRow[]>();
  for (const listing of [...byAddress.values()].sort((a, b) => rank(a) - rank(b))) {
    const samePort = chosenByPort.get(listing.port) ?? [];
    if (samePort.some((row) => isSameManager(row, listing.row))) continue;
    chosenByPort.set(listing.port, [...samePort, listing.row]);
    chosen.push(listing);
  }
  return chosen;
}

/**
 * The host that reaches the manager of a row: the address from which its report came. A manager on the catalog's own
 * machine may have reported through loopback; then its host is the catalog's. `network_interfaces` is not used: it lists
 * every interface of the machine, also those without a route, and does not say which one is right.
 */
export function managerHost(row: CatalogRow, catalog: HostPort): string {
  return isLoopback(row.address) ? (isLoopback(catalog.host) ? row.address : catalog.host) : row.address;
}

function isLoopback(host: string): boolean {
  return /^127\.|^::1$|^localhost$/i.test(host);
}

function isNewer(row: CatalogRow, known: CatalogRow): boolean {
  if (row.startedAt !== known.startedAt) return row.startedAt > known.startedAt;
  return row.lastHeardFrom > known.lastHeardFrom;
}

/** Whether two rows are one manager at two addresses. Rows without microseconds (lean rows) do not show it. */
function isSameManager(a: CatalogRow, b: CatalogRow): boolean {
  return a.startedAtMicros !== undefined && a.startedAtMicros === b.startedAtMicros && a.project === b.project;
}
