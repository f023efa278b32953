import { formatHostPort, type HostPort, parseHostPort } from '../net/address.ts';
import { type Conversation, ExchangeError, exchange } from './exchange.ts';
import { HttpAnswer, HttpAnswerError } from './http-answer.ts';
import { repairJson } from './json-repair.ts';
import { type ManagerRecord, number, parseManagerRecord, type Row, rows, text } from './records.ts';

/** A manager in the list of a catalog. */
export interface CatalogRow extends ManagerRecord {
  /** The sender's IP address as the catalog server saw it (the server writes this field itself). */
  address: string;
  /** When the manager last reported, ms since 1970 by the catalog's clock, in whole seconds. */
  lastHeardFrom: number;
}

/** What a catalog answers. */
export interface CatalogAnswer {
  rows: CatalogRow[];
  /** The header `Date`, as it was sent: cctools' server sends the time in its own zone, and does not name the zone. */
  date: string | undefined;
}

/** A catalog that does not answer, or whose answer is not a catalog's. */
export class CatalogError extends Error {
  override name = 'CatalogError';
}

/**
 * The managers only: `type=="wq_master"||type=="wq_manager"` in base64. Protocol 9's and 11's servers both know this
 * path, and answer with the same rows as to `/query.json`. With 1000 rows of other kinds in a catalog it takes the server
 * 1.6 ms and 5 kB instead of 34 ms and 730 kB. That matters for a question that is asked several times a second.
 */
const QUERY_PATH = '/query/dHlwZT09IndxX21hc3RlciJ8fHR5cGU9PSJ3cV9tYW5hZ2VyIg==';

/** A row has 2.5 kB, so this is enough for about 13,000 managers. */
const MAX_CATALOG_BYTES = 32 * 1024 * 1024;

export interface FetchCatalogOptions extends HostPort {
  /** Time to connect, and time for the whole answer, ms. */
  timeoutMs: number;
  signal?: AbortSignal;
}

/**
 * Asks a catalog server for its managers. It uses a plain socket, because Node's HTTP parsers refuse the server's bare newlines.
 * @throws CatalogError
 */
export async function fetchCatalog({ timeoutMs, signal, ...peer }: FetchCatalogOptions): Promise<CatalogAnswer> {
  const where = formatHostPort(peer);
  const answer = new HttpAnswer();
  const talk: Conversation = {
    opening: `GET ${QUERY_PATH} HTTP/1.1\r\nHost: ${where}\r\nConnection: close\r\nAccept: */*\r\n\r\n`,
    take: (chunk) => ({ complete: answer.push(chunk) }),
  };
  const limits = { connectMs: timeoutMs, answerMs: timeoutMs, maxBytes: MAX_CATALOG_BYTES, signal };
  try {
    await exchange(peer, talk, limits);
    const { status, date, body } = answer.finish();
    if (status !== 200) throw new CatalogError(`answers with HTTP status ${status}`);
    return { rows: parseCatalog(body), date };
  } catch (error) {
    if (error instanceof ExchangeError) throw new CatalogError(`catalog ${error.message}`);
    if (error instanceof HttpAnswerError) throw new CatalogError(`catalog ${where} sends ${error.message}`);
    if (error instanceof CatalogError) throw new CatalogError(`catalog ${where} ${error.message}`);
    throw error;
  }
}

/**
 * Reads a catalog's answer. It skips records of other kinds, and records that are not JSON: one bad record must not hide the
 * others (the server prints one record per line).
 * @throws CatalogError if the answer is not a list
 */
export function parseCatalog(body: Uint8Array): CatalogRow[] {
  const json = repairJson(body).trim();
  if (!json.startsWith('[') || !json.endsWith(']')) {
    throw new CatalogError(`does not answer with a list of records, but with ${JSON.stringify(json.slice(0, 60))}`);
  }
  return (parsed(json) ?? json.split('\n').flatMap((line) => parsed(`[${line.replace(/,\s*$/, '')}]`) ?? [])).flatMap(
    (row) => parseCatalogRow(row) ?? [],
  );
}

function parseCatalogRow(row: Row): CatalogRow | undefined {
  const record = parseManagerRecord(row);
  const address = text(row, 'address');
  // An invalid address must not get into the command line of a worker.
  if (!record || !parseHostPort(formatHostPort({ host: address, port: record.port }))) return undefined;
  return { ...record, address, lastHeardFrom: (number(row, 'lastheardfrom') ?? 0) * 1000 };
}

function parsed(json: string): Row[] | undefined {
  try {
    return rows(JSON.parse(json));
  } catch {
    return undefined;
  }
}
