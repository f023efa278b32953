import { closeSync, openSync, utimesSync } from 'node:fs';
import { formatDuration } from '../units/time.ts';
import type { Check } from './check.ts';
import { type CommandResult, failureOf, runCommand } from './command.ts';

/** Where CVMFS has it. */
export const ALIENV = '/cvmfs/alice.cern.ch/bin/alienv';
/** Touching it asks the host to load what is new in the repository. */
const RELOAD = '/tmp/alice.cern.ch.cvmfs_reload';
const PATIENCE_MS = 60_000;
const POLL_MS = 30_000;
const NAME = 'packages';

/** Lists what is published. */
export function askPackages(alienv: string, patience = PATIENCE_MS): Promise<CommandResult> {
  return runCommand(alienv, ['q'], patience);
}

/** The packages in what `alienv q` says; other lines are left out. */
export function publishedIn({ stdout }: CommandResult): string[] {
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\w+@[^\s:]+::\S+$/.test(line));
}

/**
 * Whether all that a run loads is published.
 * @param result what `alienv q` has said
 * @param here the steps run on this machine; else it is enough that the workers have CVMFS
 */
export function checkPackages(
  wanted: readonly string[],
  result: CommandResult,
  here: boolean,
  patience = PATIENCE_MS,
  alienv = ALIENV,
): Check {
  if (wanted.length === 0) return { name: NAME, state: 'skipped', found: 'no stage has alienv load any' };
  if (result.how === 'missing' && !here) {
    return {
      name: NAME,
      state: 'skipped',
      found: 'CVMFS is not mounted here, so that it is not known what is published',
    };
  }
  const advice =
    alienv === ALIENV
      ? 'is /cvmfs mounted, and the proxy of CVMFS reachable? cvmfs_config probe alice.cern.ch tells'
      : `is --alienv ${alienv} the right program, and may it be run?`;
  const failure = failureOf(alienv, result, patience);
  if (failure !== undefined)
    return { name: NAME, state: 'failed', found: `not known what is published: ${failure}`, advice };
  const published = new Set(publishedIn(result));
  if (published.size === 0) return { name: NAME, state: 'failed', found: 'alienv lists no package at all', advice };
  const missing = wanted.filter((name) => !published.has(name));
  if (missing.length === 0) return { name: NAME, state: 'ok', found: `${wanted.join(', ')}: published` };
  return {
    name: NAME,
    state: 'failed',
    found: `not published: ${missing.join(', ')}`,
    advice: 'publication may take 20 minutes: wait for it with --wait 20m; or name another version',
  };
}

export interface PackageWait {
  alienv: string;
  here: boolean;
  /** ms to wait for what is not published yet; 0: only look. */
  wait: number;
  /** Tells that it waits. */
  say: (text: string) => void;
  /** ms between two looks. */
  every?: number | undefined;
  patience?: number | undefined;
  /** What is touched to have the repository loaded again. */
  reload?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Looks for packages until they are there, or the time is over; asks for the repository to be loaded again meanwhile. */
export async function awaitPackages(wanted: readonly string[], options: PackageWait): Promise<Check> {
  const { alienv, here, wait, say, every = POLL_MS, patience = PATIENCE_MS, reload = RELOAD, signal } = options;
  if (wanted.length === 0) return checkPackages(wanted, { how: 'missing', status: 1, stdout: '', said: '' }, here);
  const end = Date.now() + wait;
  for (let told = false; ; ) {
    const check = checkPackages(wanted, await askPackages(alienv, patience), here, patience, alienv);
    const left = end - Date.now();
    if (check.state !== 'failed' || left <= 0 || signal?.aborted) return check;
    if (!told) say(`${check.found}; waits up to ${formatDuration(wait / 1000)}`);
    told = true;
    touch(reload);
    await sleep(Math.min(every, left), signal);
  }
}

/** That it cannot be asked is no failure: the repository is loaded again by itself after a while. */
function touch(path: string): void {
  try {
    closeSync(openSync(path, 'a'));
    utimesSync(path, new Date(), new Date());
  } catch {
    // somebody else's file: then somebody else asks
  }
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
  });
}
