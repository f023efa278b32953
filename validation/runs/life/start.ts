import type { Check } from '../../preflight/check.ts';
import { toolVersions } from '../../preflight/preflight.ts';
import type { Nightly } from '../../schedule/nightly.ts';
import type { Plan } from '../../workflow/plan.ts';
import { checkNeeds, handedOn } from '../inputs/earlier-outputs.ts';
import { copyInputs } from '../inputs/input-copy.ts';
import { readSecrets } from '../inputs/secrets.ts';
import { endBeforeSteps } from '../judging/no-step-ran.ts';
import type { RunRequest } from '../store/record.ts';
import { RunDir, RunStore } from '../store/store.ts';
import { type CheckOptions, checkBefore } from './check-before.ts';
import { provideContainers } from './containers.ts';
import { awaitTurn, removeOld, wantedByNightly } from './nightly.ts';
import { besideInput, type LookFor, planRun } from './planning.ts';
import { createRun, type PreparedRun, type StartedRun } from './prepare.ts';
import { checkName, requestOf, type WantedRun } from './wanted.ts';

export interface StartOptions {
  /** The pre-flight checks; undefined: none. */
  check: Omit<CheckOptions, 'fast' | 'say'> | undefined;
  /** The nightly to which the run belongs. */
  nightly?: Nightly | undefined;
  /** With a nightly: start it now, not at its time. */
  anyTime?: boolean;
  /** Gets the warnings about the input, once. */
  warn: (warnings: readonly string[]) => void;
  /** Gets a line when the start waits for something. */
  say: (text: string) => void;
  /** Gets the results of the checks. */
  printChecks: (checks: readonly Check[]) => void;
}

/** The plan of a run that is not started. */
export interface Trial {
  request: RunRequest;
  plan: Plan;
  name: string;
  /** Warnings about the place where it would run. */
  dangers: string[];
}

/**
 * Plans a requested run from its original inputs. It writes nothing.
 * @throws InputError
 */
export async function tryRun(wanted: WantedRun, nightly?: Nightly): Promise<Trial> {
  const store = new RunStore(wanted.runs);
  const dangers: string[] = [];
  const ofNightly = nightly && { name: nightly.name, file: nightly.file };
  const request = requestOf(wanted, store, ofNightly, (message) => dangers.push(message));
  const from = fromOf(request);
  const lookFor: LookFor = (file, madeBy) => [
    ...(from ? handedOn(from, file, madeBy) : []),
    ...besideInput(request.input)(file, madeBy),
  ];
  const plan = planRun(request, from ? { outputBase: from.path } : {}, lookFor);
  plan.warnings.push(...(await checkNeeds(plan.needs ?? [])));
  return { request, plan, name: checkName(wanted.name ?? plan.name), dangers };
}

const fromOf = ({ from }: RunRequest): RunDir | undefined => (from === undefined ? undefined : new RunDir(from));

/**
 * Starts a run, and returns when its steps can run. If something other than a mistake of the user prevents that, the run ends
 * as broken, with a report.
 * @throws InputError for a mistake of the user; then no run is made
 */
export async function startRun(given: WantedRun, options: StartOptions): Promise<StartedRun> {
  const { nightly, anyTime = false, say } = options;
  const unready = nightly && (await awaitTurn(nightly, anyTime, say));
  const { wanted, release, problem } = nightly
    ? await wantedByNightly(nightly, given, Date.now())
    : { wanted: given, release: undefined, problem: undefined };
  const trial = await tryRun(wanted, nightly);
  options.warn([...trial.plan.warnings, ...trial.dangers]);
  const { request } = trial;
  readSecrets(request.secrets ?? []);
  // The programs answer while the run's directory is made.
  if (options.check) void toolVersions();
  const prepared = await createRun({
    store: new RunStore(wanted.runs),
    name: trial.name,
    release,
    from: fromOf(request),
    fill: (run) => {
      copyInputs(run, trial.plan);
      return request;
    },
  });
  const started = await checkStart(prepared, unready ?? problem, options);
  if (nightly) await removeOld(nightly, say);
  return started;
}

/**
 * The last checks before the steps of a run: the tools, places and containers that it needs.
 * @param obstacle a known reason why it cannot start
 */
export async function checkStart(
  prepared: PreparedRun,
  obstacle: string | undefined,
  { check, say, printChecks }: Pick<StartOptions, 'check' | 'say' | 'printChecks'>,
): Promise<StartedRun> {
  const { journal, plan, containers } = prepared;
  const reason =
    obstacle ??
    (check && (await checkBefore(journal, plan, { ...check, fast: true, say }, printChecks))) ??
    (containers && (await provideContainers(containers)));
  return reason === undefined ? prepared : { ...prepared, ended: await endBeforeSteps(journal, plan, reason) };
}
