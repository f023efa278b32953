import { networkInterfaces } from 'node:os';
import { basename, dirname } from 'node:path';
import { steadyNow } from '../../../framework/tools/steady-clock.ts';
import { paint } from '../../report/paint.ts';
import { executeInBackground } from '../../runs/life/background.ts';
import { execute, type RunHandle } from '../../runs/life/execute.ts';
import type { NotifyOptions } from '../../runs/life/notifier.ts';
import type { PreparedRun, StartedRun } from '../../runs/life/prepare.ts';
import { ObstacleError } from '../../runs/store/obstacle.ts';
import type { RunDir } from '../../runs/store/store.ts';
import type { RunsServer } from '../../server/server.ts';
import { counted } from '../../units/count.ts';
import { listen } from '../options/listen.ts';
import { sectionsOf } from '../options/settings.ts';
import { err, out, sayError, type Terminal } from '../terminal.ts';
import { aboutRun } from './paste.ts';
import { type Progress, progressFor, SILENT } from './progress.ts';
import { EXIT, resultText, verdictText } from './result.ts';
import { printWarnings } from './warnings.ts';

/** The flags of a command that executes a run: see `executionOptions`. */
export interface ExecutionFlags {
  config?: unknown;
  localCpus?: number | undefined;
  localMemory?: number | undefined;
  localGpus?: number | undefined;
  page?: string | undefined;
  jira?: string | undefined;
  notify: boolean;
  notifyDryRun: boolean;
  keepPage: boolean;
  detach: boolean;
  json: boolean;
  quiet: boolean;
}

export interface Showing {
  /** Shows the progress; default: a table, or lines, on stderr. */
  progress?: () => Progress;
  /** Where relval itself prints; default: stdout. */
  on?: Terminal;
}

/** Executes a run, here or in the background, and shows it. The process ends with the exit status of the verdict. */
export async function showRun(started: StartedRun, flags: ExecutionFlags, showing: Showing = {}): Promise<void> {
  if (flags.detach && !started.ended) await startInBackground(started, flags);
  else process.exit(await showHere(started, flags, showing));
}

/** Executes a run in this process and shows it. @returns the exit status @throws InputError */
export async function showHere(started: StartedRun, flags: ExecutionFlags, showing: Showing = {}): Promise<number> {
  const { journal, plan } = started;
  const { run, record } = journal;
  const { on = out } = showing;
  // The run goes on if its output cannot be written: a full disk, a closed pipe.
  for (const terminal of [out, err]) terminal.onGone(() => undefined);
  let progress: Progress | undefined;
  let page: RunsServer | undefined;
  let handle: RunHandle | undefined;
  const stopping = onSignals((signal) => handle?.stop(signal));
  try {
    if (!started.ended) {
      const more = plan.pending.length > 0 ? ' and more' : '';
      if (!flags.json && !flags.quiet)
        on.say(`${paint.bold(record.id)}: ${counted(plan.steps.length, 'step')}${more}, in ${run.path}`);
      page = flags.page === undefined ? undefined : await servePage(run, flags.page);
    }
    handle = execute(started, {
      localCpus: flags.localCpus,
      localMemory: flags.localMemory,
      localGpus: flags.localGpus,
      frameworks: sectionsOf({ config: flags.config }).serve.frameworks,
      notify: notifyOptionsOf(flags),
      warn: (message) => printWarnings([message]),
    });
    if (!started.ended) {
      const shown = showing.progress?.() ?? (flags.quiet ? SILENT : progressFor(err, steadyNow()));
      progress = shown;
      handle.onEvent((event, view) => shown.event(event, view));
    }
    if (stopping.by !== undefined) handle.stop(stopping.by);
    const report = await handle.report;
    await progress?.close();
    if (flags.json) out.sayJson(report);
    else if (flags.quiet) on.say(verdictText(report));
    else on.sayText(resultText(run, report));
    if (page && flags.keepPage && out.isTerminal) {
      err.say(`page:   ${pageOf(page, run)}  (until Ctrl-C)`);
      await stopping.once();
    }
    return EXIT[report.verdict];
  } catch (error) {
    await progress?.close();
    if (!(error instanceof ObstacleError)) throw error;
    sayError('relval', [error.message, `Then resume the run: ${aboutRun(run, 'resume')}`]);
    return EXIT.broken;
  } finally {
    await page?.close();
  }
}

function notifyOptionsOf({ config, notify, notifyDryRun, jira }: ExecutionFlags): NotifyOptions {
  const sections = sectionsOf({ config });
  return {
    settings: notify ? sections.notify : undefined,
    publicUrl: sections.serve.publicUrl,
    jira,
    dryRun: notifyDryRun ? (text) => err.sayText(text) : undefined,
    warn: (message) => printWarnings([message]),
  };
}

/** The loopback address with a free port. Some machines have only IPv6. */
function loopback(): string {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return own.some(({ address }) => address === '127.0.0.1') ? '127.0.0.1:0' : '[::1]:0';
}

/** Serves the page of a run from the run's own process. @throws InputError when it cannot listen there */
async function servePage(run: RunDir, address: string): Promise<RunsServer> {
  const server = await listen(address || loopback(), {
    runs: dirname(run.path),
    token: undefined,
    inputs: [],
    settings: [],
    frameworks: [],
    root: '',
    allowedHosts: [],
  });
  err.say(`page: ${pageOf(server, run)}`);
  return server;
}

function pageOf({ url }: RunsServer, run: RunDir): string {
  return `${url}/runs/${encodeURIComponent(basename(run.path))}`;
}

interface Stopping {
  /** The signal that stopped the run. */
  by: string | undefined;
  /** Waits for a signal after the run has ended. */
  once(): Promise<void>;
}

/** Signals within this time are one request: two people stop a run at once, or a terminal that closes sends several. */
const ONE_REQUEST_MS = 1000;

/** The first signal stops the run properly; a second one ends relval at once. */
function onSignals(stop: (signal: string) => void): Stopping {
  let leave: (() => void) | undefined;
  let stoppedAt = 0;
  const state: Stopping = {
    by: undefined,
    once: () =>
      new Promise((resolve) => {
        leave = resolve;
      }),
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (leave) {
        leave();
        return;
      }
      if (state.by !== undefined) {
        if (performance.now() - stoppedAt > ONE_REQUEST_MS) process.exit(EXIT.interrupted);
        return;
      }
      stoppedAt = performance.now();
      err.say('', `${name}: the run is being stopped. Send the signal again to end relval at once`);
      state.by = name;
      stop(name);
    });
  }
  return state;
}

async function startInBackground(prepared: PreparedRun, flags: ExecutionFlags): Promise<void> {
  const started = await executeInBackground(prepared, flagsOf(flags));
  const { run, record } = prepared.journal;
  const { id } = record;
  if ('status' in started) {
    err.sayText(started.said);
    process.exitCode = started.status;
  } else if (flags.json) out.sayJson({ id, directory: run.path, ...started }, 0);
  else {
    out.say(
      `${id} runs in the background, in ${run.path}`,
      ...(started.page === undefined ? [] : [`  page: ${started.page}`]),
      `  ${aboutRun(run, 'status', ['--follow'])}`,
      `  ${aboutRun(run, 'logs', ['--follow'])}`,
      `  ${aboutRun(run, 'stop')}`,
    );
  }
}

/** The same flags as words, for the process in the background. */
function flagsOf({
  localCpus,
  localMemory,
  localGpus,
  config,
  page,
  jira,
  notify,
  notifyDryRun,
}: ExecutionFlags): string[] {
  return [
    ...(localCpus === undefined ? [] : ['--local-cpus', String(localCpus)]),
    ...(localMemory === undefined ? [] : ['--local-memory', String(localMemory)]),
    ...(localGpus === undefined ? [] : ['--local-gpus', String(localGpus)]),
    ...(config === false ? ['--no-config'] : typeof config === 'string' ? ['--config', config] : []),
    ...(page === undefined ? [] : ['--page', page]),
    ...(jira === undefined ? [] : ['--jira', jira]),
    ...(notify ? [] : ['--no-notify']),
    ...(notifyDryRun ? ['--notify-dry-run'] : []),
  ];
}
