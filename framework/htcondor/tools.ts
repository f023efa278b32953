import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { GROUP_ATTRIBUTES, type JobGroup, parseAds, parseGroups } from './job-group.ts';
import type { HTCondorSettings } from './settings.ts';
import { LAUNCH_ATTRIBUTES, MACHINE_ATTRIBUTES, parseSlots, SLOT_ATTRIBUTES, type Slot } from './slots.ts';

const run = promisify(execFile);

/** A tool gave no answer. The message is for the operator. */
export class ToolError extends Error {}

/** Time limit for one question, ms: ten times what the queue of a busy schedd with 10,000 jobs takes. */
const PATIENCE_MS = 15_000;
/** Longest answer, bytes. 100,000 different jobs are 50 MB. */
const LONGEST = 256 * 2 ** 20;

/** A worker that has not reported for this long has ended: it reports every 10 s. Its collector shows it for 15 minutes. */
const STALE_SECONDS = 25;

/** The cycle of a negotiator. */
export interface Negotiator {
  name: string;
  /** Seconds from one cycle to the next: the longest of the last three. */
  periodSeconds: number;
}

/**
 * HTCondor's client tools for one pool. They are started without a shell and with fixed settings only: the
 * HTCondor configuration of this machine is not used.
 */
export class Tools {
  readonly #collector: string;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #home: string;
  readonly #stop = new AbortController();

  constructor({ collector, tokenFile }: HTCondorSettings) {
    this.#collector = collector;
    // The tools take a directory of tokens and try every file in it, so the token gets a directory for itself.
    this.#home = mkdtempSync(join(tmpdir(), 'htcondor-tools-'));
    const tokens = join(this.#home, 'tokens.d');
    mkdirSync(tokens, { mode: 0o700 });
    if (tokenFile !== undefined) symlinkSync(resolve(tokenFile), join(tokens, 'token'));
    this.#environment = {
      PATH: process.env.PATH,
      HOME: this.#home,
      CONDOR_CONFIG: 'ONLY_ENV',
      _CONDOR_SEC_TOKEN_DIRECTORY: tokens,
      ...(tokenFile !== undefined && { _CONDOR_SEC_CLIENT_AUTHENTICATION_METHODS: 'IDTOKENS' }),
    };
  }

  /** Names of the schedds in the collector's list. @throws ToolError */
  async schedds(): Promise<string[]> {
    const text = await this.#run('condor_status', [
      '-pool',
      this.#collector,
      '-schedd',
      '-json',
      '-attributes',
      'Name',
    ]);
    return read(text, parseAds, 'condor_status').flatMap(({ Name: name }) => (typeof name === 'string' ? [name] : []));
  }

  /**
   * All jobs of a schedd, grouped by the schedd: one line for 10,000 jobs with the same requests. It takes 0.1 s of the schedd's
   * machine to count them.
   * @throws ToolError
   */
  async groups(schedd: string): Promise<JobGroup[]> {
    const attributes = GROUP_ATTRIBUTES.join(',');
    const where = ['-pool', this.#collector, '-name', schedd];
    const text = await this.#run('condor_q', [...where, '-allusers', '-group-by', '-json', '-attributes', attributes]);
    return read(text, parseGroups, 'condor_q');
  }

  /** The slots of all our workers. @throws ToolError */
  async slots(): Promise<Slot[]> {
    const attributes = [...SLOT_ATTRIBUTES, ...MACHINE_ATTRIBUTES].join(',');
    const ours = [
      ...LAUNCH_ATTRIBUTES.map((name) => `isString(${name})`),
      // By the collector's own clock.
      `time() - LastHeardFrom < ${STALE_SECONDS}`,
    ].join(' && ');
    const where = ['-pool', this.#collector, '-constraint', ours];
    return read(
      await this.#run('condor_status', [...where, '-json', '-attributes', attributes]),
      parseSlots,
      'condor_status',
    );
  }

  /** @throws ToolError */
  async negotiators(): Promise<Negotiator[]> {
    const periods = [0, 1, 2].map((cycle) => `LastNegotiationCyclePeriod${cycle}`);
    const where = ['-pool', this.#collector, '-negotiator'];
    const text = await this.#run('condor_status', [...where, '-json', '-attributes', ['Name', ...periods].join(',')]);
    return read(text, parseAds, 'condor_status').map((ad) => ({
      name: String(ad.Name ?? ''),
      periodSeconds: Math.max(0, ...periods.map((name) => Number(ad[name] ?? 0)).filter(Number.isFinite)),
    }));
  }

  stop(): void {
    this.#stop.abort();
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #run(command: string, args: string[]): Promise<string> {
    try {
      const { stdout } = await run(command, args, {
        env: this.#environment,
        timeout: PATIENCE_MS,
        killSignal: 'SIGKILL',
        maxBuffer: LONGEST,
        signal: this.#stop.signal,
      });
      return stdout;
    } catch (error) {
      throw new ToolError(`${command}: ${whyOf(error as Failure)}`);
    }
  }
}

interface Failure extends Error {
  code?: string | number;
  killed?: boolean;
  stderr?: string;
}

/** The first paragraph of a tool's error output; the rest is general advice. */
function whyOf({ code, killed, stderr, message }: Failure): string {
  if (code === 'ENOENT') return 'it is not installed. Install the Debian package htcondor';
  if (killed) return `it did not answer within ${PATIENCE_MS / 1000} s`;
  const said = stderr?.trim().split(/\n\s*\n/)[0];
  return (said || message).replaceAll(/\s*\n\s*/g, ' ').slice(0, 500);
}

/** The tools print a value that is not a number without quotes, which is not JSON. As a string it can be read. */
function read<Read>(text: string, parse: (text: string) => Read, command: string): Read {
  try {
    return parse(text.replaceAll(/^(\s*"\w+": )(-?(?:nan|inf(?:inity)?|real\("[^"]*"\)))(,?)$/gim, '$1"$2"$3'));
  } catch (error) {
    throw new ToolError(`${command}: its answer cannot be read: ${(error as Error).message}`);
  }
}
