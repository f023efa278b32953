import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { eachAd, type JsonAd } from './ads.ts';
import { GROUP_ATTRIBUTES, groupOf, type JobGroup } from './job-group.ts';
import type { HTCondorSettings } from './settings.ts';
import { LAUNCH_ATTRIBUTES, MACHINE_ATTRIBUTES, SLOT_ATTRIBUTES, type Slot, slotOf } from './slots.ts';
import { whatIsWrong } from './token.ts';

/** A tool gave no answer. The message is for the operator. */
export class ToolError extends Error {}

/** A tool that has printed nothing for this long is given up, ms. A busy schedd counts 100,000 different jobs for half a minute. */
const PATIENCE_MS = { condor_status: 15_000, condor_q: 60_000 };
/** What is kept of a tool's error output, characters. */
const LONGEST_COMPLAINT = 4096;

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
  readonly #tokenFile: string | undefined;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #home: string;
  readonly #stop = new AbortController();

  constructor({ collector, tokenFile }: HTCondorSettings) {
    this.#collector = collector;
    this.#tokenFile = tokenFile;
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
    const ads = await this.#ask('condor_status', ['-pool', this.#collector, '-schedd'], ['Name']);
    return ads.flatMap(({ Name: name }) => (typeof name === 'string' ? [name] : []));
  }

  /**
   * The jobs of a schedd, grouped by the schedd: one group for 10,000 jobs with the same requests. It takes 0.1 s of the schedd's
   * machine to count them. 100,000 jobs that all differ are 100,000 groups, so each is handed over as it arrives.
   * @param constraint on the jobs; empty: all
   * @throws ToolError
   */
  async eachGroup(schedd: string, constraint: string, take: (group: JobGroup) => void): Promise<void> {
    const only = constraint === '' ? [] : ['-constraint', constraint];
    const which = ['-pool', this.#collector, '-name', schedd, '-allusers', ...only, '-group-by'];
    await this.#each('condor_q', which, GROUP_ATTRIBUTES, (ad) => {
      const group = groupOf(ad);
      if (group) take(group);
    });
  }

  /** The slots of all our workers. @throws ToolError */
  async slots(): Promise<Slot[]> {
    const ours = [
      ...LAUNCH_ATTRIBUTES.map((name) => `isString(${name})`),
      // By the collector's own clock.
      `time() - LastHeardFrom < ${STALE_SECONDS}`,
    ].join(' && ');
    const which = ['-pool', this.#collector, '-constraint', ours];
    const ads = await this.#ask('condor_status', which, [...SLOT_ATTRIBUTES, ...MACHINE_ATTRIBUTES]);
    return ads.flatMap((ad) => slotOf(ad) ?? []);
  }

  /** @throws ToolError */
  async negotiators(): Promise<Negotiator[]> {
    const periods = [0, 1, 2].map((cycle) => `LastNegotiationCyclePeriod${cycle}`);
    const ads = await this.#ask('condor_status', ['-pool', this.#collector, '-negotiator'], ['Name', ...periods]);
    return ads.map((ad) => ({
      name: String(ad.Name ?? ''),
      periodSeconds: Math.max(0, ...periods.map((name) => Number(ad[name] ?? 0)).filter(Number.isFinite)),
    }));
  }

  stop(): void {
    this.#stop.abort();
    rmSync(this.#home, { recursive: true, force: true });
  }

  async #ask(command: 'condor_status', which: string[], attributes: readonly string[]): Promise<JsonAd[]> {
    const ads: JsonAd[] = [];
    await this.#each(command, which, attributes, (ad) => void ads.push(ad));
    return ads;
  }

  async #each(
    command: keyof typeof PATIENCE_MS,
    which: string[],
    attributes: readonly string[],
    take: (ad: JsonAd) => void,
  ): Promise<void> {
    const child = spawn(command, [...which, '-json', '-attributes', attributes.join(',')], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal: this.#stop.signal,
      killSignal: 'SIGKILL',
    });
    let isSilent = false;
    const silence = setTimeout(() => {
      isSilent = true;
      child.kill('SIGKILL');
    }, PATIENCE_MS[command]);
    let complaint = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(0, LONGEST_COMPLAINT);
    });
    const ended = new Promise<string | undefined>((resolve) => {
      child.once('error', (error) => resolve(whyNot(error)));
      child.once('close', (code, signal) =>
        resolve(code === 0 ? undefined : `it ended with ${signal ?? `status ${code}`}`),
      );
    });
    const heard = (ad: JsonAd): void => {
      silence.refresh();
      take(ad);
    };
    try {
      await eachAd(child.stdout.setEncoding('utf8'), heard).catch((error: NodeJS.ErrnoException) => {
        // It could not be started: `ended` says why.
        if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
      });
      const failure = await ended;
      if (isSilent) throw new ToolError(`${command}: it did not answer within ${PATIENCE_MS[command] / 1000} s`);
      if (failure !== undefined)
        throw new ToolError(`${command}: ${this.#withToken(paragraphOf(complaint) || failure)}`);
    } catch (error) {
      child.kill('SIGKILL');
      if (!(error instanceof SyntaxError)) throw error;
      throw new ToolError(`${command}: its answer cannot be read: ${error.message}`);
    } finally {
      clearTimeout(silence);
    }
  }

  #withToken(failure: string): string {
    if (this.#tokenFile === undefined || !failure.includes('IDTOKENS')) return failure;
    const wrong = whatIsWrong(this.#tokenFile, Date.now());
    return wrong === undefined ? failure : `${failure}; ${wrong}`;
  }
}

function whyNot(error: NodeJS.ErrnoException): string {
  return error.code === 'ENOENT' ? 'it is not installed. Install the Debian package htcondor' : error.message;
}

/** The first paragraph of a tool's error output; the rest is general advice. */
function paragraphOf(complaint: string): string {
  const [first = ''] = complaint.trim().split(/\n\s*\n/);
  return first.replaceAll(/\s*\n\s*/g, ' ').slice(0, 500);
}
