import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { failureOf } from '../preflight/command.ts';
import { ALIENV, askPackages, publishedIn } from '../preflight/packages.ts';
import { removeRuns } from '../runs/retention/removal.ts';
import { isAlive, statusOf } from '../runs/store/record.ts';
import { RunStore } from '../runs/store/store.ts';
import { decideStart } from '../schedule/decide.ts';
import type { Nightly } from '../schedule/nightly.ts';
import { isPattern, newestVersion, wantedVersion, withVersion } from '../schedule/release.ts';
import { lastDue } from '../schedule/times.ts';
import { type InputArguments, planInput } from '../workflow/plan-input.ts';

/** How often it is looked whether the run of yesterday has ended. */
const LOOK_EVERY_MS = 2000;
const ALIENV_PATIENCE_MS = 60_000;

/** What a nightly changes in the flags of `relval run`. */
interface NightlyFlags extends InputArguments {
  runs: string;
  local: boolean;
  catalog?: string | undefined;
  name?: string | undefined;
  retries?: number | undefined;
  wait?: string | undefined;
  alienv?: string | undefined;
}

export interface NightlyArguments<Flags> {
  args: Flags;
  /** The release that is validated, where the nightly says which. */
  release?: string;
  /** Why it is not known. */
  problem?: string;
}

/**
 * The flags of `relval run` with what the nightly says: where it runs and where its runs are is for its file to say, of
 * the rest the command line has the last word.
 * @param now ms since 1970
 * @throws InputError when its input cannot be planned
 */
export async function nightlyArguments<Flags extends NightlyFlags>(
  nightly: Nightly,
  flags: Flags,
  now: number,
): Promise<NightlyArguments<Flags>> {
  const { input, workflow, stopAt, retries, local, catalog, name, packagesWithin, release } = nightly;
  const alienv = flags.alienv ?? nightly.alienv;
  const args: Flags = {
    ...flags,
    input,
    name: flags.name ?? name,
    set: [...nightly.set, ...flags.set],
    setAppend: [...nightly.setAppend, ...flags.setAppend],
    workflow: flags.workflow ?? workflow,
    stopAt: flags.stopAt ?? stopAt,
    retries: flags.retries ?? retries,
    wait: flags.wait ?? (packagesWithin > 0 ? `${packagesWithin}s` : undefined),
    alienv,
    runs: nightly.runs,
    local,
    catalog,
  };
  if (!release) return { args };
  const wanted = wantedVersion(release, now, nightly.times.timeZone);
  let version: string | undefined = wanted;
  if (isPattern(wanted)) {
    const listed = await askPackages(alienv ?? ALIENV, ALIENV_PATIENCE_MS);
    const failure = failureOf('alienv', listed, ALIENV_PATIENCE_MS);
    version = newestVersion(publishedIn(listed), release.package, wanted);
    if (version === undefined) {
      const why = failure ?? `no version of ${release.package} like ${wanted} is published`;
      return { args, problem: `which release to validate is not known: ${why}` };
    }
  }
  const plan = planInput(args, { allowMissing: true, outputBase: join(nightly.runs, 'RUN') });
  const packages = withVersion([...new Set(plan.stages.flatMap((stage) => stage.packages))], release.package, version);
  const setting = `Packages={ ${packages.map((text) => `"${text}"`).join(', ')} }`;
  return { args: { ...args, set: [...args.set, setting] }, release: `${release.package}::${version}` };
}

/**
 * Waits until a nightly may start, and stops the one of yesterday where it says so.
 * @param anyTime somebody wants it now, whenever it was due
 * @returns why it does not start; undefined when it does
 */
export async function awaitTurn(nightly: Nightly, anyTime: boolean): Promise<string | undefined> {
  const called = Date.now();
  const due = lastDue(nightly.times, called);
  const store = new RunStore(nightly.runs);
  let told = false;
  let said = false;
  for (;;) {
    const running = store
      .list()
      .filter(
        ({ record }) => record.request.nightly?.name === nightly.name && record.request.nightly.file === nightly.file,
      )
      .findLast(({ record }) => ['preparing', 'running', 'judging'].includes(statusOf(record)))?.record;
    const { startWithin, whenRunning } = nightly;
    const decision = decideStart({ now: Date.now(), called, due, startWithin, anyTime, running, whenRunning, told });
    if (decision.do === 'start') return undefined;
    if (decision.do === 'leave') return decision.reason;
    if (!said || decision.do === 'stop') console.error(`${nightly.name}: ${decision.reason}`);
    said = true;
    if (decision.do === 'stop' && running) {
      told = true;
      // Of a process on another machine nothing can be known, and it cannot be told anything: it is waited for.
      if (isAlive(running.process)) stopProcess(running.process.pid);
    }
    await sleep(Math.max(0, Math.min(LOOK_EVERY_MS, decision.until - Date.now() + 1)));
  }
}

/** Removes the runs of a nightly that its file does not want to keep. That it cannot is told, and keeps nothing from running. */
export async function removeOld({ name, runs, retention }: Nightly): Promise<void> {
  if (retention.keep === undefined && retention.olderThan === undefined) return;
  try {
    const gone = await removeRuns(new RunStore(runs), retention, (run) => run.name === name);
    if (gone.length > 0) console.error(`${name}: ${gone.length} old runs removed`);
  } catch (error) {
    console.error(`${name}: old runs are not removed: ${(error as Error).message}`);
  }
}

function stopProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // it has just ended
  }
}
