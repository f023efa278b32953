import { basename, dirname } from 'node:path';
import pc from 'picocolors';
import { carryInBackground } from '../../runs/life/background.ts';
import { carryOut, type RunHandle } from '../../runs/life/carry-out.ts';
import type { NotifyOptions } from '../../runs/life/notifier.ts';
import type { PreparedRun, StartedRun } from '../../runs/life/prepare.ts';
import { ObstacleError } from '../../runs/store/obstacle.ts';
import type { RunDir } from '../../runs/store/store.ts';
import type { RunsServer } from '../../server/server.ts';
import { counted } from '../../units/count.ts';
import { listen } from '../options/listen.ts';
import { sectionsOf } from '../options/settings.ts';
import { type Progress, progressFor } from './progress.ts';
import { EXIT, resultText } from './result.ts';
import { tellWarnings } from './warnings.ts';

/** The flags that a command which carries out a run has: see `carryOptions`. */
export interface CarryFlags {
  config?: unknown;
  localCpus?: number | undefined;
  localMemory?: number | undefined;
  page?: string | undefined;
  jira?: string | undefined;
  notify: boolean;
  notifyDryRun: boolean;
  detach: boolean;
  json: boolean;
}

export interface Showing {
  /** Shows how it goes; default: a table, or lines, on stderr. */
  progress?: () => Progress;
  /** Prints what relval itself has to say; default: on stdout. */
  say?: (text: string) => void;
}

/** Carries out a run, here or in the background, and shows it. The process ends with the exit status of its verdict. */
export async function showRun(started: StartedRun, flags: CarryFlags, showing: Showing = {}): Promise<void> {
  if (flags.detach && !started.ended) await startInBackground(started, flags);
  else process.exit(await showHere(started, flags, showing));
}

/** @returns the exit status @throws InputError */
export async function showHere(started: StartedRun, flags: CarryFlags, showing: Showing = {}): Promise<number> {
  const { journal, plan } = started;
  const { run, record } = journal;
  const { say = console.log } = showing;
  let progress: Progress | undefined;
  let page: RunsServer | undefined;
  let handle: RunHandle | undefined;
  const stopping = onSignals((signal) => handle?.stop(signal));
  try {
    if (!started.ended) {
      const more = plan.pending.length > 0 ? ' and more' : '';
      if (!flags.json) say(`${pc.bold(record.id)}: ${counted(plan.steps.length, 'step')}${more}, in ${run.path}`);
      page = flags.page === undefined ? undefined : await servePage(run, flags.page);
    }
    handle = carryOut(started, {
      localCpus: flags.localCpus,
      localMemory: flags.localMemory,
      notify: notifyOptionsOf(flags),
      warn: (message) => tellWarnings([message]),
    });
    if (!started.ended) {
      const shown = showing.progress?.() ?? progressFor(process.stderr, Date.now());
      progress = shown;
      handle.onEvent((event, view) => shown.event(event, view));
    }
    if (stopping.by !== undefined) handle.stop(stopping.by);
    const report = await handle.report;
    await progress?.close();
    if (flags.json) console.log(JSON.stringify(report, null, 2));
    else say(resultText(run, report));
    return EXIT[report.verdict];
  } catch (error) {
    await progress?.close();
    if (!(error instanceof ObstacleError)) throw error;
    console.error(`relval: ${error.message}\nThen: relval resume ${record.id}`);
    return EXIT.broken;
  } finally {
    await page?.close();
  }
}

function notifyOptionsOf({ config, notify, notifyDryRun, jira }: CarryFlags): NotifyOptions {
  const sections = sectionsOf({ config });
  return {
    settings: notify ? sections.notify : undefined,
    publicUrl: sections.serve.publicUrl,
    jira,
    dryRun: notifyDryRun ? (text) => process.stderr.write(text) : undefined,
    warn: (message) => tellWarnings([message]),
  };
}

/** Loopback, and a free port. */
const ANYWHERE = '127.0.0.1:0';

/** Serves the page of a run from within the run's own process. @throws InputError when it cannot listen there */
async function servePage(run: RunDir, address: string): Promise<RunsServer> {
  const server = await listen(address || ANYWHERE, {
    runs: dirname(run.path),
    token: undefined,
    inputs: [],
    frameworks: [],
    allowedHosts: [],
  });
  console.error(`page: ${server.url}/runs/${encodeURIComponent(basename(run.path))}`);
  return server;
}

/** The first signal stops the run in order; a second one is for those who cannot wait. */
function onSignals(stop: (signal: string) => void): { by: string | undefined } {
  const state: { by: string | undefined } = { by: undefined };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (state.by !== undefined) process.exit(EXIT.interrupted);
      console.error(`\n${name}: stopping; once more to leave at once`);
      state.by = name;
      stop(name);
    });
  }
  return state;
}

async function startInBackground(prepared: PreparedRun, flags: CarryFlags): Promise<void> {
  const started = await carryInBackground(prepared, flagsOf(flags));
  const { run, record } = prepared.journal;
  const { id } = record;
  if ('status' in started) {
    process.stderr.write(started.said);
    process.exitCode = started.status;
  } else if (flags.json) console.log(JSON.stringify({ id, directory: run.path, ...started }));
  else {
    console.log(
      `${id} runs in the background, in ${run.path}\n${started.page === undefined ? '' : `  page: ${started.page}\n`}` +
        `  relval status ${id} --follow\n  relval logs ${id} STEP --follow\n  relval stop ${id}`,
    );
  }
}

/** The same flags as words, for the process in the background. */
function flagsOf({ localCpus, localMemory, config, page, jira, notify, notifyDryRun }: CarryFlags): string[] {
  return [
    ...(localCpus === undefined ? [] : ['--local-cpus', String(localCpus)]),
    ...(localMemory === undefined ? [] : ['--local-memory', String(localMemory)]),
    ...(config === false ? ['--no-config'] : typeof config === 'string' ? ['--config', config] : []),
    ...(page === undefined ? [] : ['--page', page]),
    ...(jira === undefined ? [] : ['--jira', jira]),
    ...(notify ? [] : ['--no-notify']),
    ...(notifyDryRun ? ['--notify-dry-run'] : []),
  ];
}
