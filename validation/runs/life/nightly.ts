import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf } from '../../preflight/command.ts';
import { ALIENV, askPackages, publishedIn } from '../../preflight/packages.ts';
import { decideStart } from '../../schedule/decide.ts';
import type { Nightly } from '../../schedule/nightly.ts';
import { isPattern, newestVersion, wantedVersion, withVersion } from '../../schedule/release.ts';
import { lastDue } from '../../schedule/times.ts';
import { counted } from '../../units/count.ts';
import { type InputArguments, planInput } from '../../workflow/plan-input.ts';
import { removeRuns } from '../retention/removal.ts';
import { isHere, statusOf } from '../store/record.ts';
import { askToStop } from '../store/stop-request.ts';
import { RunStore } from '../store/store.ts';
import type { WantedRun } from './wanted.ts';

/** Pause between two checks whether the last run has ended. */
const LOOK_EVERY_MS = 2000;
const ALIENV_PATIENCE_MS = 60_000;

/** The settings of a nightly that change a requested run. */
type NightlyWanted = InputArguments &
  Pick<WantedRun, 'runs' | 'local' | 'catalog' | 'password' | 'batch' | 'schedd' | 'pool' | 'name' | 'retries'> & {
    wait?: string | undefined;
    alienv?: string | undefined;
  };

export interface WantedByNightly<Wanted> {
  wanted: Wanted;
  /** The release to validate, if the nightly names one. */
  release?: string;
  /** Why the release is not known. */
  problem?: string;
}

/**
 * A requested run with the settings of the nightly. The nightly's file decides where it runs and where its runs are kept. All
 * other settings of the request replace those of the file.
 * @param now ms since 1970
 * @throws InputError when its input cannot be planned
 */
export async function wantedByNightly<Wanted extends NightlyWanted>(
  nightly: Nightly,
  given: Wanted,
  now: number,
): Promise<WantedByNightly<Wanted>> {
  const { input, workflow, stopAt, retries, local, catalog, password, name, packagesWithin, release } = nightly;
  const alienv = given.alienv ?? nightly.alienv;
  const wanted: Wanted = {
    ...given,
    input,
    name: given.name ?? name,
    set: [...nightly.set, ...given.set],
    setAppend: [...nightly.setAppend, ...given.setAppend],
    arg: given.arg ?? nightly.arg,
    workflow: given.workflow ?? workflow,
    stopAt: given.stopAt ?? stopAt,
    retries: given.retries ?? retries,
    wait: given.wait ?? (packagesWithin > 0 ? `${packagesWithin}s` : undefined),
    alienv,
    runs: nightly.runs,
    local,
    catalog,
    // Its file has no such settings.
    batch: undefined,
    schedd: undefined,
    pool: undefined,
    password: password ?? given.password,
  };
  if (!release) return { wanted };
  const pattern = wantedVersion(release, now, nightly.times.timeZone);
  let version: string | undefined = pattern;
  if (isPattern(pattern)) {
    const listed = await askPackages(alienv ?? ALIENV, ALIENV_PATIENCE_MS);
    const failure = failureOf('alienv', listed, ALIENV_PATIENCE_MS);
    version = newestVersion(publishedIn(listed), release.package, pattern);
    if (version === undefined) {
      const why = failure ?? `no version of ${release.package} like ${pattern} is published`;
      return { wanted, problem: `the release to validate is not known: ${why}` };
    }
  }
  const plan = planInput(wanted, { allowMissing: true, outputBase: join(nightly.runs, 'RUN') });
  const packages = withVersion([...new Set(plan.stages.flatMap((stage) => stage.packages))], release.package, version);
  const setting = `Packages={ ${packages.map((text) => `"${text}"`).join(', ')} }`;
  const chosen = { ...wanted, set: [...wanted.set, setting] };
  const stale = planInput(chosen, { allowMissing: true, outputBase: join(nightly.runs, 'RUN') }).stages.find((stage) =>
    stage.packages.some((text) => !packages.includes(text)),
  );
  if (stale) {
    const own = stale.packages.join(', ');
    return {
      wanted,
      problem: `stage ${stale.name} has its own Packages (${own}), so it would not use the release of the nightly`,
    };
  }
  return { wanted: chosen, release: `${release.package}::${version}` };
}

/**
 * Waits until a nightly may start, and stops the last run if the nightly says so.
 * @param anyTime a person starts it now: the time when it was due does not matter
 * @returns why it does not start; undefined if it does
 */
export async function awaitTurn(
  nightly: Nightly,
  anyTime: boolean,
  say: (text: string) => void,
): Promise<string | undefined> {
  const called = Date.now();
  const due = lastDue(nightly.times, called);
  const store = new RunStore(nightly.runs);
  let told = false;
  let said = false;
  for (;;) {
    const found = store
      .list()
      .filter(
        ({ record }) => record.request.nightly?.name === nightly.name && record.request.nightly.file === nightly.file,
      )
      .findLast(({ run, record }) => ['preparing', 'running', 'judging'].includes(statusOf(record, run.path)));
    const running = found?.record;
    const { startWithin, whenRunning } = nightly;
    const decision = decideStart({ now: Date.now(), called, due, startWithin, anyTime, running, whenRunning, told });
    if (decision.do === 'start') return undefined;
    if (decision.do === 'leave') return decision.reason;
    if (!said || decision.do === 'stop') say(`${nightly.name}: ${decision.reason}`);
    said = true;
    if (decision.do === 'stop' && found) {
      told = true;
      if (isHere(found.record.process)) stopProcess(found.record.process.pid);
      else askToStop(found.run.path);
    }
    await sleep(Math.max(0, Math.min(LOOK_EVERY_MS, decision.until - Date.now() + 1)));
  }
}

/** Removes old runs of a nightly, as its file says. A failure is reported, but prevents no run. */
export async function removeOld({ name, runs, retention }: Nightly, say: (text: string) => void): Promise<void> {
  if (retention.keep === undefined && retention.olderThan === undefined) return;
  try {
    const gone = await removeRuns(new RunStore(runs), retention, (run) => run.name === name);
    if (gone.length > 0) say(`${name}: ${counted(gone.length, 'old run')} removed`);
  } catch (error) {
    say(`${name}: cannot remove old runs: ${(error as Error).message}`);
  }
}

function stopProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // it has just ended
  }
}
