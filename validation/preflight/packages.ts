import { closeSync, openSync, utimesSync } from 'node:fs';
import { formatDuration } from '../units/time.ts';
import type { Check } from './check.ts';
import { type CommandResult, failureOf, runCommand } from './command.ts';

/** Its path in CVMFS. */
export const ALIENV = '/cvmfs/alice.cern.ch/bin/alienv';
/** Touching this file asks the host to load new packages of the repository. */
const RELOAD = '/tmp/alice.cern.ch.cvmfs_reload';
const PATIENCE_MS = 60_000;
const POLL_MS = 30_000;
const NAME = 'packages';

/** Lists the published packages. */
export function askPackages(alienv: string, patience = PATIENCE_MS): Promise<CommandResult> {
  return runCommand(alienv, ['q'], patience);
}

/** The packages in the output of `alienv q`; other lines are left out. */
export function publishedIn({ stdout }: CommandResult): string[] {
  return stdout
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^\w+@[^\s:]+::\S+$/.test(line));
}

/**
 * Whether all packages of a run are published.
 * @param result the result of `alienv q`
 * @param here the steps run on this machine; otherwise only the workers need CVMFS
 */
export function checkPackages(
  wanted: readonly string[],
  result: CommandResult,
  here: boolean,
  patience = PATIENCE_MS,
  alienv = ALIENV,
): Check {
  if (wanted.length === 0) return { name: NAME, state: 'skipped', found: 'no stage loads packages' };
  if (result.how === 'missing' && !here) {
    return {
      name: NAME,
      state: 'skipped',
      found: 'CVMFS is not mounted on this machine, so relval cannot see which packages are published',
    };
  }
  const advice =
    alienv === ALIENV
      ? 'check that /cvmfs is mounted and the proxy of CVMFS is reachable: cvmfs_config probe alice.cern.ch'
      : `check that --alienv ${alienv} is the right program and that you may run it`;
  const failure = failureOf(alienv, result, patience);
  if (failure !== undefined)
    return { name: NAME, state: 'failed', found: `relval cannot see which packages are published: ${failure}`, advice };
  const published = new Set(publishedIn(result));
  if (published.size === 0) return { name: NAME, state: 'failed', found: 'alienv lists no package at all', advice };
  const missing = wanted.filter((name) => !published.has(name));
  if (missing.length === 0) return { name: NAME, state: 'ok', found: `${wanted.join(', ')}: published` };
  return {
    name: NAME,
    state: 'failed',
    found: `not published: ${missing.join(', ')}`,
    advice: 'publication may take 20 minutes: wait with --wait 20m, or use another version',
  };
}

export interface PackageWait {
  alienv: string;
  here: boolean;
  /** ms to wait for packages that are not published yet; 0: check once. */
  wait: number;
  /** Called when it begins to wait. */
  say: (text: string) => void;
  /** ms between two checks. */
  every?: number | undefined;
  patience?: number | undefined;
  /** The file that is touched so that the repository is loaded again. */
  reload?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Checks packages until they are published, or the time is over. In between it asks the host to load the repository again. */
export async function awaitPackages(wanted: readonly string[], options: PackageWait): Promise<Check> {
  const { alienv, here, wait, say, every = POLL_MS, patience = PATIENCE_MS, reload = RELOAD, signal } = options;
  if (wanted.length === 0) return checkPackages(wanted, { how: 'missing', status: 1, stdout: '', said: '' }, here);
  const end = performance.now() + wait;
  for (let told = false; ; ) {
    const check = checkPackages(wanted, await askPackages(alienv, patience), here, patience, alienv);
    const left = end - performance.now();
    if (check.state !== 'failed' || left <= 0 || signal?.aborted) return check;
    if (!told) say(`${check.found}; waiting for up to ${formatDuration(wait / 1000)}`);
    told = true;
    touch(reload);
    await sleep(Math.min(every, left), signal);
  }
}

/** If this fails it is no error: the repository is loaded again by itself after a while. */
function touch(path: string): void {
  try {
    closeSync(openSync(path, 'a'));
    utimesSync(path, new Date(), new Date());
  } catch {
    // the file belongs to another user, who will touch it
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
