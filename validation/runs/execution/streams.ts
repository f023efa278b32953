import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type LogReceiver, type ReceiverOptions, startLogReceiver } from '../../step/log-receiver.ts';
import { masksOf } from '../../step/mask.ts';
import { LOGS_VARIABLE, logsAddress } from '../../step/names.ts';
import type { Needles } from '../../step/needles.ts';
import type { StepTokens } from '../../step/step-tokens.ts';

/** `HOST` or `HOST:PORT`, an IPv6 address in brackets. */
export const LOG_ADDRESS = /^(\[[\da-fA-F:.]+\]|[^\s:-][^\s:]*)(?::(\d{1,5}))?$/;

/** Decides whether an execution may run, and where its log goes. */
export type Admit = ReceiverOptions['admit'];

/** The logs of steps that arrive while the steps run. */
export interface LogStreams {
  /**
   * The variables for makeflow's environment by which steps find the log receiver. They are valid until the next call.
   * @param ownTokens whether the Makeflow file gives each step its own token. In files of an older relval the steps share one
   *   token, which is new at each start
   */
  environment: (ownTokens: boolean) => Record<string, string>;
  /** Secrets and tokens, which must be masked in the files of steps. */
  masks: Needles;
  /** Sets the function that decides from now on. Without one, all executions are refused. */
  admitBy: (admit: Admit | undefined) => void;
  /** Settles when the received part of an execution's log is in its files. No more is received after that. */
  finish: (execution: string) => Promise<void>;
  close: () => Promise<void>;
}

export interface StreamsOptions {
  /** Steps run on this machine. */
  local: boolean;
  /** `HOST[:PORT]` by which workers reach relval, instead of this host's name and a free port. */
  address?: string | undefined;
  /** The tokens of the run's steps. */
  tokens: StepTokens;
  secrets: readonly string[];
  /** The largest number of bytes that are kept of a log. */
  limit: number;
}

/** Receives logs for one run: on loopback if its steps run on this machine, else on all interfaces. */
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
