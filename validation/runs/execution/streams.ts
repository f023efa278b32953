import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Execution, type LogReceiver, startLogReceiver } from '../../step/log-receiver.ts';

/** `HOST` or `HOST:PORT`, an IPv6 address in brackets. */
export const LOG_ADDRESS = /^(\[[\da-fA-F:.]+\]|[^\s:]+)(?::(\d{1,5}))?$/;

/** Says whether an execution may run, and where its log goes. */
export type Admit = (execution: Execution) => { directory: string } | { refuse: string };

/** What comes of the logs of steps while they run. */
export interface LogStreams {
  /** By which steps find us. */
  environment: Record<string, string>;
  /** Who decides from now on; without anybody all are refused. */
  admitBy: (admit: Admit | undefined) => void;
  /** Settles when what an execution has sent is in its files; no more is taken. */
  finish: (execution: string) => Promise<void>;
  close: () => Promise<void>;
}

export interface StreamsOptions {
  /** Steps run on this machine. */
  local: boolean;
  /** `HOST[:PORT]` by which workers reach us, in the place of this host's name and a free port. */
  address?: string | undefined;
  secrets: readonly string[];
  /** Bytes that are kept of a log. */
  limit: number;
}

/** Receives logs for one run: by loopback where its steps are here, else on all interfaces; with a token of its own. */
export async function startLogStreams({ local, address, secrets, limit }: StreamsOptions): Promise<LogStreams> {
  const token = randomBytes(18).toString('base64url');
  const [, host = local ? '127.0.0.1' : hostname(), port] = LOG_ADDRESS.exec(address ?? '') ?? [];
  let decide: Admit | undefined;
  const receiver: LogReceiver = await startLogReceiver({
    listen: { host: local && address === undefined ? '127.0.0.1' : '0.0.0.0', ...(port && { port: Number(port) }) },
    token,
    secrets: [...secrets, token],
    limit,
    admit: (execution) => decide?.(execution) ?? { refuse: 'the run does not wait for any step' },
  });
  return {
    environment: { RELVAL_LOGS: `${host}:${receiver.port}:${token}` },
    admitBy: (admit) => {
      decide = admit;
    },
    finish: (execution) => receiver.finish(execution),
    close: () => receiver.close(),
  };
}
