import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type LogReceiver, type ReceiverOptions, startLogReceiver } from '../../step/log-receiver.ts';
import { masksOf } from '../../step/mask.ts';
import { LOGS_VARIABLE, logsAddress } from '../../step/names.ts';
import type { Needles } from '../../step/needles.ts';
import type { StepTokens } from '../../step/step-tokens.ts';

/** `HOST` or `HOST:PORT`, an IPv6 address in brackets. */
export const LOG_ADDRESS = /^(\[[\da-fA-F:.]+\]|[^\s:-][^\s:]*)(?::(\d{1,5}))?$/;

/** Says whether an execution may run, and where its log goes. */
export type Admit = ReceiverOptions['admit'];

/** What comes of the logs of steps while they run. */
export interface LogStreams {
  /**
   * What makeflow's environment must have, so that steps find us. It holds until the next call.
   * @param ownTokens the Makeflow file gives each step its own token. One of before does not: then steps share one, which
   *   is a new one at each start
   */
  environment: (ownTokens: boolean) => Record<string, string>;
  /** What nobody may see in what steps leave: secrets and tokens. */
  masks: Needles;
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
  /** Of the run's steps. */
  tokens: StepTokens;
  secrets: readonly string[];
  /** Bytes that are kept of a log. */
  limit: number;
}

/** Receives logs for one run: by loopback where its steps are here, else on all interfaces. */
export async function startLogStreams(options: StreamsOptions): Promise<LogStreams> {
  const { local, address, tokens, secrets, limit } = options;
  const shared = randomBytes(18).toString('base64url');
  const masks = masksOf([...secrets, tokens.mark, shared]);
  const [, host = local ? '127.0.0.1' : hostname(), port] = LOG_ADDRESS.exec(address ?? '') ?? [];
  let decide: Admit | undefined;
  let ownTokens = true;
  const receiver: LogReceiver = await startLogReceiver({
    listen: { host: local && address === undefined ? '127.0.0.1' : '0.0.0.0', ...(port && { port: Number(port) }) },
    tokenOf: (step) => (ownTokens ? tokens.of(step) : shared),
    masks,
    limit,
    admit: (execution) => (decide ? decide(execution) : { refuse: 'the run does not wait for any step' }),
  });
  return {
    environment: (own) => {
      ownTokens = own;
      return { [LOGS_VARIABLE]: logsAddress(host, receiver.port, own ? undefined : shared) };
    },
    masks,
    admitBy: (admit) => {
      decide = admit;
    },
    finish: (execution) => receiver.finish(execution),
    close: () => receiver.close(),
  };
}
