import { type Dispatcher, request } from 'undici';
import { outgoingAgent } from '../net/agent.ts';
import { type Change, SchedulerError } from './change.ts';
import { type ChronosJob, chronosJobs, isJobOf, isSameJob, jobPrefix } from './chronos-job.ts';
import type { Nightly } from './nightly.ts';

export interface ChronosOptions {
  /** Addresses of its instances, `http://host:8080`. Each of them redirects to the leader. */
  addresses: readonly string[];
  /** `user:password`. */
  credentials?: string | undefined;
  /** Time limit for each request, ms. @default 10 s */
  patience?: number;
}

/** A job in Chronos' list: its settings, and the results of its runs. */
export type FoundJob = Readonly<Record<string, unknown>> & { name: string };

const PATIENCE_MS = 10_000;
const MOST_REDIRECTS = 5;
/** Without a limit a search returns ten jobs (JobManagementResource.scala, 2.4 to 3.0), and many of them may belong to others. */
const MOST_FOUND = 1_000_000;
/** Longest part of a server's error message that is shown. */
const QUOTED = 300;

/** Chronos' REST interface. */
export class Chronos {
  readonly #options: ChronosOptions;
  #dispatcher: Dispatcher | undefined;

  constructor(options: ChronosOptions) {
    this.#options = options;
  }

  /** The jobs of a nightly. @throws SchedulerError */
  async jobsOf(name: string): Promise<FoundJob[]> {
    const query = new URLSearchParams({ name: jobPrefix(name), limit: String(MOST_FOUND) });
    const text = await this.#send('GET', `/v1/scheduler/jobs/search?${query}`);
    let found: unknown;
    try {
      found = JSON.parse(text);
    } catch {
      found = undefined;
    }
    if (!Array.isArray(found))
      throw new SchedulerError(`Chronos did not answer with a list of jobs, but with: ${said(text)}`);
    return found.filter((job): job is FoundJob => typeof job?.name === 'string' && isJobOf(name, job.name));
  }

  /**
   * Changes the jobs of a nightly as the file describes them: creates new jobs, replaces changed ones, and removes jobs that are not in
   * the file any more.
   * @param now ms since 1970
   * @throws {SchedulerError | RangeError}
   */
  async apply(nightly: Nightly, now: number, dryRun: boolean): Promise<Change[]> {
    const wanted = chronosJobs(nightly, now);
    const found = await this.jobsOf(nightly.name);
    const changes: Change[] = [];
    for (const job of wanted) {
      const before = found.find(({ name }) => name === job.name);
      const what = !before ? 'created' : isSameJob(job, before) ? 'unchanged' : 'updated';
      if (what !== 'unchanged' && !dryRun) await this.#post(job);
      changes.push({ what, name: job.name });
    }
    const gone = found.filter(({ name }) => !wanted.some((job) => job.name === name));
    return [...changes, ...(await this.#removeAll(gone, dryRun))];
  }

  /** @throws SchedulerError */
  async remove(name: string, dryRun: boolean): Promise<Change[]> {
    const found = await this.jobsOf(name);
    return found.length > 0 ? this.#removeAll(found, dryRun) : [{ what: 'absent', name: jobPrefix(name) }];
  }

  /**
   * Starts a nightly now.
   * @param extra one more argument for its command
   * @throws SchedulerError also when the nightly has no job
   */
  async trigger(name: string, extra: string, dryRun: boolean): Promise<Change> {
    const [first] = await this.jobsOf(name);
    if (!first) throw new SchedulerError(`Chronos has no job for ${name}. Create it with relval schedule apply`);
    if (!dryRun) await this.#send('PUT', `/v1/scheduler/job/${first.name}?arguments=${encodeURIComponent(extra)}`);
    return { what: 'started', name: first.name };
  }

  async #post(job: ChronosJob): Promise<void> {
    await this.#send('POST', '/v1/scheduler/iso8601', JSON.stringify(job));
  }

  async #removeAll(jobs: readonly FoundJob[], dryRun: boolean): Promise<Change[]> {
    for (const { name } of dryRun ? [] : jobs) await this.#send('DELETE', `/v1/scheduler/job/${name}`);
    return jobs.map(({ name }) => ({ what: 'removed', name }));
  }

  /** Asks the instances in turn until one answers. If one refuses a request, the others would refuse it too. */
  async #send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: string): Promise<string> {
    const problems: string[] = [];
    for (const address of this.#options.addresses) {
      try {
        const { status, text, url } = await this.#follow(method, new URL(path, address), body);
        if (status >= 200 && status < 300) return text;
        const problem = `${url.origin} answered ${method} ${url.pathname} with ${status}: ${said(text)}`;
        if (status === 401 || status === 403)
          throw new SchedulerError(`${problem}\nGive user and password with --chronos-credentials FILE`);
        if (status < 500) throw new SchedulerError(problem);
        problems.push(problem);
      } catch (error) {
        if (error instanceof SchedulerError) throw error;
        problems.push(`${address}: ${(error as Error).message || (error as NodeJS.ErrnoException).code}`);
      }
    }
    throw new SchedulerError(`no instance of Chronos answered:\n${problems.map((one) => `  ${one}`).join('\n')}`);
  }

  /** Instances that are not the leader redirect to it. The request is sent there unchanged, with user and password. */
  async #follow(method: 'GET' | 'POST' | 'PUT' | 'DELETE', first: URL, body: string | undefined) {
    const patience = this.#options.patience ?? PATIENCE_MS;
    const { credentials } = this.#options;
    let url = first;
    // One agent for all requests, with its connections.
    this.#dispatcher ??= outgoingAgent();
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const answer = await request(url, {
        method,
        dispatcher: this.#dispatcher,
        headersTimeout: patience,
        bodyTimeout: patience,
        signal: AbortSignal.timeout(patience),
        headers: {
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(credentials !== undefined && { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
        },
        ...(body !== undefined && { body }),
      });
      const text = await answer.body.text();
      const { location } = answer.headers;
      if (answer.statusCode < 300 || answer.statusCode >= 400 || typeof location !== 'string') {
        return { status: answer.statusCode, text, url };
      }
      const next = new URL(location, url);
      if (next.protocol !== url.protocol && next.protocol !== 'https:') {
        throw new SchedulerError(
          `${url.origin} redirects from https to ${next.origin}, which would send the password unencrypted`,
        );
      }
      url = next;
    }
    throw new SchedulerError(
      `${first.origin}: more than ${MOST_REDIRECTS} redirects. The instances of Chronos do not agree which of them is the leader`,
    );
  }
}

function said(text: string): string {
  const plain = text
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain === '' ? 'nothing' : plain.slice(0, QUOTED);
}
