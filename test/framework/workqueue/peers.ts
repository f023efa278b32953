import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { HostPort } from '../../../framework/net/address.ts';
import { type ManagerRecord, parseManagerRecord, type Row } from '../../../framework/workqueue/records.ts';

/** A recording from test/fixtures/workqueue. */
export function recording(name: string): Buffer {
  return readFileSync(new URL(`../../fixtures/workqueue/${name}`, import.meta.url));
}

/** The first record of a recording that is valid JSON. */
export function firstRow(name: string): Row {
  return (JSON.parse(recording(name).toString()) as Row[])[0] as Row;
}

/** The manager's record of a recording, with some fields of it changed. */
export function managerRecord(change: Row = {}, name = 'queue_status_running.json'): ManagerRecord {
  const record = parseManagerRecord({ ...firstRow(name), ...change });
  if (!record) throw new Error(`${name} holds no manager`);
  return record;
}

export interface Peer extends HostPort {
  /** Connections accepted so far, and those open now. */
  accepted: () => number;
  open: () => number;
  close: () => Promise<void>;
}

/** Listens on a free port of loopback and hands each connection to `onConnection`; closed when the test is over. */
export async function listen(onConnection: (socket: Socket) => void, port = 0): Promise<Peer> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    onConnection(socket);
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      for (const socket of sockets) socket.destroy();
      server.close(() => resolve());
    });
  onTestFinished(close);
  const { port: actual } = server.address() as AddressInfo;
  return { host: '127.0.0.1', port: actual, accepted: () => accepted, open: () => sockets.size, close };
}

/** A port of loopback where nothing listens. */
export async function freePort(): Promise<number> {
  const peer = await listen(() => {});
  await peer.close();
  return peer.port;
}

/** Answers the first line of each connection and closes, as a manager does. What has no answer stays open. */
export function answering(answers: (line: string) => string | Buffer | undefined): (socket: Socket) => void {
  return (socket) => {
    socket.once('data', (data) => {
      const answer = answers(data.toString('latin1').trim());
      if (answer !== undefined) socket.end(answer);
    });
  };
}

/** A catalog server's answer, byte for byte as Debian's sends it in our zone. @param at the time by its clock, ms since 1970 */
export function catalogAnswer(rows: Row[], at = Date.now()): string {
  const [day, month, date, year, time] = new Date(at).toString().split(' ');
  const ctime = `${day} ${month} ${`${Number(date)}`.padStart(2)} ${time} ${year}`;
  const head = `HTTP/1.1 200 OK\nDate: ${ctime}\nServer: catalog_server\nConnection: close\n`;
  const body = rows.map((row) => JSON.stringify(row)).join(',\n');
  return `${head}Access-Control-Allow-Origin: *\nContent-type: text/plain\n\n[\n${body}\n]\n`;
}

/** Resolves when `done` holds, looking often; rejects after `ms`. */
export async function until(done: () => boolean, ms = 60_000, what = 'the condition'): Promise<void> {
  for (const end = Date.now() + ms; !done(); ) {
    if (Date.now() > end) throw new Error(`${what} did not hold within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const silentLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
