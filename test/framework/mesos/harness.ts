import { afterEach, vi } from 'vitest';
import { type Codec, protobufCodec } from '../../../framework/mesos/codec.ts';
import { MesosConnection, type MesosConnectionOptions } from '../../../framework/mesos/connection.ts';
import { parseMaster } from '../../../framework/mesos/leader.ts';
import type { Event } from '../../../framework/mesos/messages.ts';
import { type Script, ScriptedMaster } from './scripted-master.ts';

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  fields: object;
  message: string;
}

/** A logger that keeps its lines. */
export function logTo(lines: LogLine[]) {
  const at = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** Closes this after the test, whatever came of it; what was opened last is closed first. */
export function closeAfterTest(close: () => Promise<unknown>): void {
  closing.push(close);
}

export async function master(script: Script, tls?: ConstructorParameters<typeof ScriptedMaster>[1]) {
  const one = await new ScriptedMaster(script, tls).listen();
  closeAfterTest(() => one.close());
  return one;
}

export interface Watched {
  connection: MesosConnection;
  events: Event[];
  losses: string[];
  log: LogLine[];
}

/** A started connection, with everything it says written down, and waits short enough for a test. */
export function connect(
  spec: string,
  options: Partial<Omit<MesosConnectionOptions, 'locate'>> & { secure?: boolean } = {},
): Watched {
  const watched = { events: [] as Event[], losses: [] as string[], log: [] as LogLine[] };
  const log = logTo(watched.log);
  const { onEvent, times, secure, ...rest } = options;
  const locate = parseMaster(spec, { log, ...(secure && { secure }) });
  const connection = new MesosConnection({
    locate,
    subscribe: () => ({ framework_info: { user: 'root', name: 'test', roles: ['*'] } }),
    log,
    now: Date.now,
    onEvent: (event) => {
      watched.events.push(event);
      onEvent?.(event);
    },
    onDisconnected: (why) => watched.losses.push(why),
    times: { reconnect: { firstMs: 20, maxMs: 100 }, staleGraceMs: 50, ...times },
    ...rest,
  });
  closeAfterTest(async () => {
    await connection.stop();
    await locate.close();
  });
  connection.start();
  return { connection, ...watched };
}

/** Waits until this holds; generous, since the machine may be busy. */
export async function until(what: () => unknown): Promise<void> {
  await vi.waitUntil(what, { timeout: 60_000, interval: 5 });
}

export function subscribesOf(one: ScriptedMaster, codec: Codec = protobufCodec): number {
  return one.ofType(codec, 'SUBSCRIBE').length;
}
