import { InputError } from '../../input/input-error.ts';
import { type Check, checkLine, reasonAgainst } from '../../preflight/check.ts';
import { askFramework } from '../../preflight/framework.ts';
import { nearestExisting } from '../../preflight/places.ts';
import { preflight } from '../../preflight/preflight.ts';
import type { CheckSettings } from '../../preflight/settings.ts';
import { seconds } from '../../units/parse.ts';
import type { Plan } from '../../workflow/plan.ts';
import { loopbackProblem } from '../local/loopback.ts';
import { type ChosenOffer, localOffer, whatDoesNotFit } from '../local/offer.ts';
import type { RunJournal } from '../store/journal.ts';
import type { RunRequest } from '../store/record.ts';

/** How a plan is checked before it runs. */
export interface CheckOptions extends CheckSettings {
  /** The limits that the user sets for a run on this machine, and the directory where the run will be. */
  machine?: (ChosenOffer & { directory: string }) | undefined;
  /** URLs of the frameworks whose pools are checked. */
  frameworks: readonly string[];
  /** Only checks that take seconds. */
  fast: boolean;
  /** Gets a line when a check waits for something. */
  say: (text: string) => void;
}

/** Checks everything that a plan needs where it will run. @throws InputError for an invalid option */
export async function checkPlan(
  plan: Plan,
  place: Pick<RunRequest, 'catalog' | 'image' | 'containerizer' | 'batch' | 'schedd' | 'pool'>,
  options: CheckOptions,
): Promise<Check[]> {
  const { catalog, image, containerizer, batch, schedd, pool } = place;
  const queue = batch === 'condor' ? { schedd, pool, image } : undefined;
  const { wait, proxy, proxyDays, alienv, frameworks, machine, fast, say } = options;
  const patience = wait === undefined ? 0 : seconds(wait);
  if (patience === undefined) throw new InputError([{ message: `--wait ${wait}: expected a time such as 90s or 20m` }]);
  if (!(proxyDays >= 0)) throw new InputError([{ message: '--proxy-days: expected a number of days' }]);
  const pools =
    catalog === undefined || image === undefined
      ? undefined
      : { image, frameworks: await Promise.all(frameworks.map(askFramework)) };
  const checks = await preflight({
    plan,
    catalog,
    queue,
    pools,
    containerizer: containerizer === 'process' ? undefined : containerizer,
    fast,
    wait: patience * 1000,
    proxy,
    proxyDays,
    alienv,
    say,
  });
  if (fast || queue || catalog !== undefined) return checks;
  return [...checks, ...(machine ? [await checkMachine(plan, machine)] : []), await checkNetwork()];
}

/** Not checked before a run: the run refuses such a plan itself. */
async function checkMachine(plan: Plan, { directory, ...chosen }: ChosenOffer & { directory: string }): Promise<Check> {
  const { leastWorker } = await import('../local/local.ts');
  const offer = localOffer(chosen, nearestExisting(directory));
  const tooLarge = whatDoesNotFit(plan, offer, leastWorker(plan));
  const name = 'machine';
  if (tooLarge === undefined) return { name, state: 'ok', found: 'every stage fits into what it offers' };
  return {
    name,
    state: 'failed',
    found: tooLarge,
    advice: 'lower the resources of the stage, or use a larger machine',
  };
}

/** Not checked before a run: the run tries it, and reports the result. */
async function checkNetwork(): Promise<Check> {
  const name = 'network';
  const problem = loopbackProblem();
  if (problem !== undefined) return { name, state: 'failed', found: problem };
  const { EXPOSED, reasonAgainstNamespace } = await import('../local/manager-port.ts');
  const reason = await reasonAgainstNamespace();
  if (reason === undefined) return { name, state: 'ok', found: 'makeflow listens on loopback only' };
  return {
    name,
    state: 'warning',
    found: EXPOSED,
    advice: `relval cannot create a network namespace on this machine: ${reason}`,
  };
}

/**
 * @param tell gets all results
 * @returns why the run must not start
 */
export async function checkBefore(
  journal: RunJournal,
  plan: Plan,
  options: CheckOptions,
  tell: (checks: Check[]) => void,
): Promise<string | undefined> {
  const checks = await checkPlan(plan, journal.record.request, options);
  journal.update({ checks: checks.filter(({ state }) => state !== 'skipped').map(checkLine) });
  tell(checks);
  return reasonAgainst(checks);
}
