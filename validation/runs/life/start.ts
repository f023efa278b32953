import type { Check } from '../../preflight/check.ts';
import type { Nightly } from '../../schedule/nightly.ts';
import type { Plan } from '../../workflow/plan.ts';
import { checkNeeds, handedOn } from '../inputs/earlier.ts';
import { copyInputs } from '../inputs/input-copy.ts';
import { readSecrets } from '../inputs/secrets.ts';
import { endUnstarted } from '../judging/unstarted.ts';
import type { RunRequest } from '../store/record.ts';
import { RunDir, RunStore } from '../store/store.ts';
import { type CheckOptions, checkBefore } from './check-before.ts';
import { provideContainers } from './containers.ts';
import { awaitTurn, removeOld, wantedByNightly } from './nightly.ts';
import { besideInput, type LookFor, planRun } from './planning.ts';
import { createRun, type PreparedRun, type StartedRun } from './prepare.ts';
import { checkName, requestOf, type WantedRun } from './wanted.ts';

export interface StartOptions {
  /** The checks before it starts; undefined: none. */
  check: Omit<CheckOptions, 'fast' | 'say'> | undefined;
  /** The nightly that it is a run of. */
  nightly?: Nightly | undefined;
  /** With a nightly: start it now, whenever it was due. */
  anyTime?: boolean;
  /** Gets the warnings about the input, once. */
  warn: (warnings: readonly string[]) => void;
  /** Gets a line while something is waited for. */
  say: (text: string) => void;
  /** Gets what the checks have found. */
  tellChecks: (checks: readonly Check[]) => void;
}

/** What a wanted run would be, without making anything. */
export interface Trial {
  request: RunRequest;
  plan: Plan;
  name: string;
  /** What is dangerous about the place in which it is to run. */
  dangers: string[];
}

/**
 * Plans a wanted run where its inputs are. Nothing is written.
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
 * Starts a wanted run: everything up to the moment at which its steps can run. What stands in its way and is no mistake of
 * the input ends it with a report.
 * @throws InputError a mistake in what is wanted; then there is no run
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
 * The last look before the steps of a run: at the tools, the places and the containers that it needs.
 * @param obstacle what is known already to stand in its way
 */
export async function checkStart(
  prepared: PreparedRun,
  obstacle: string | undefined,
  { check, say, tellChecks }: Pick<StartOptions, 'check' | 'say' | 'tellChecks'>,
): Promise<StartedRun> {
  const { journal, plan, containers } = prepared;
  const reason =
    obstacle ??
    (check && (await checkBefore(journal, plan, { ...check, fast: true, say }, tellChecks))) ??
    (containers && (await provideContainers(containers)));
  return reason === undefined ? prepared : { ...prepared, ended: await endUnstarted(journal, plan, reason) };
}
