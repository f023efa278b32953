import { join, resolve } from 'node:path';
import pc from 'picocolors';
import type { Argv } from 'yargs';
import { InputError } from '../input/input-error.ts';
import { seconds } from '../jdl/keys.ts';
import { type Check, checkLine, reasonAgainst } from '../preflight/check.ts';
import { preflight } from '../preflight/preflight.ts';
import { type CheckSettings, checkSection } from '../preflight/settings.ts';
import type { RunJournal } from '../runs/store/journal.ts';
import { findNightly } from '../schedule/nightly.ts';
import { askFramework } from '../server/cluster.ts';
import type { Plan } from '../workflow/plan.ts';
import { planInput } from '../workflow/plan-input.ts';
import { defineCommand } from './command.ts';
import { warn } from './generate.ts';
import { inputOptions } from './input-options.ts';
import { runsOption } from './inspect.ts';
import { nightlyArguments } from './nightly.ts';
import { sectionsOf } from './settings.ts';
import { table } from './table.ts';

/** What is wrong is the infrastructure's fault, as with a run that is broken. */
const EXIT_FAILED = 3;
const MARK: Record<Check['state'], string> = {
  ok: pc.green('✓'),
  warning: pc.yellow('!'),
  failed: pc.red('✗'),
  skipped: pc.dim('-'),
};

const words = (key: keyof CheckSettings): string => checkSection.unwrap().shape[key].description ?? '';

/** The flags about pre-flight checks: shared by `check` and the commands that run something. */
export function checkOptions<T>(yargs: Argv<T>) {
  return yargs
    .group(['check', 'wait', 'proxy', 'proxy-days', 'alienv'], 'Pre-flight checks:')
    .option('wait', { type: 'string', requiresArg: true, describe: words('wait') })
    .option('proxy', { type: 'string', requiresArg: true, describe: words('proxy') })
    .option('proxy-days', { type: 'number', requiresArg: true, describe: words('proxyDays') })
    .option('alienv', { type: 'string', requiresArg: true, describe: words('alienv') });
}

export interface CheckArguments extends Partial<Record<'wait' | 'proxy' | 'alienv', string | undefined>> {
  proxyDays?: number | undefined;
  containerizer?: 'process' | 'docker' | 'podman' | undefined;
  local: boolean;
  catalog?: string | undefined;
  image?: string | undefined;
}

export const checkCommand = defineCommand(
  (command) =>
    checkOptions(runsOption(inputOptions(command)))
      .option('local', { type: 'boolean', default: false, describe: 'Check for a run on this machine (the default)' })
      .option('catalog', { type: 'string', describe: 'HOST:PORT: check for a run on the cluster of this catalog' })
      .option('containerizer', {
        choices: ['docker', 'podman'] as const,
        describe: 'With --local: what would start the containers; looks for the image of the steps',
      })
      .option('image', {
        type: 'string',
        requiresArg: true,
        describe: 'With --catalog: image that a pool must have; asks the frameworks of relval.yaml (serve)',
      })
      .option('nightly', {
        type: 'string',
        requiresArg: true,
        describe: 'File of nightlies: the input is the name of one of them',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  async (given) => {
    const nightly = given.nightly === undefined ? undefined : findNightly(given.nightly, given.input);
    const { args, problem } = nightly ? await nightlyArguments(nightly, given, Date.now()) : { args: given };
    const plan = planInput(args, { outputBase: join(resolve(args.runs), 'RUN') });
    if (!args.json) warn(plan);
    const checks = await runPreflight(plan, args, false);
    if (problem !== undefined) checks.unshift({ name: 'release', state: 'failed', found: problem });
    if (args.json) console.log(JSON.stringify(checks, null, 2));
    else console.log(checksText(checks));
    process.exitCode = reasonAgainst(checks) === undefined ? 0 : EXIT_FAILED;
  },
);

/**
 * The checks before a run, the fast ones; kept in the run's record.
 * @returns why it must not start
 */
export async function checkBefore(journal: RunJournal, plan: Plan, args: CheckArguments): Promise<string | undefined> {
  const checks = await runPreflight(plan, args, true);
  journal.update({ checks: checks.filter(({ state }) => state !== 'skipped').map(checkLine) });
  for (const { state, name, found } of checks) {
    if (state === 'warning') console.error(`${pc.yellow('warning')}: ${name}: ${found}`);
  }
  const reason = reasonAgainst(checks);
  if (reason !== undefined) {
    console.error(checksText(checks.filter(({ state }) => state === 'failed')));
    console.error('To run it all the same: --no-check');
  }
  return reason;
}

/** Flags beat the section of `relval.yaml`, for the commands that run something too. */
async function runPreflight(plan: Plan, args: CheckArguments, fast: boolean): Promise<Check[]> {
  const { check: section, serve } = sectionsOf({ ...args });
  const { catalog, image } = args;
  const asked =
    catalog === undefined || image === undefined ? undefined : await Promise.all(serve.frameworks.map(askFramework));
  const { wait = section.wait, proxy = section.proxy, alienv = section.alienv, proxyDays = section.proxyDays } = args;
  const patience = wait === undefined ? 0 : seconds(wait);
  if (patience === undefined) throw new InputError([{ message: `--wait ${wait}: expected a time such as 90s or 20m` }]);
  if (!(proxyDays >= 0)) throw new InputError([{ message: '--proxy-days: expected a number of days' }]);
  const say = (text: string) => console.error(text);
  const containerizer = args.containerizer === 'process' ? undefined : args.containerizer;
  return preflight({
    plan,
    catalog,
    pools: asked && image !== undefined ? { image, frameworks: asked } : undefined,
    containerizer,
    fast,
    wait: patience * 1000,
    proxy,
    proxyDays,
    alienv,
    say,
  });
}

function checksText(checks: readonly Check[]): string {
  return checks
    .map(({ name, state, found, advice }) => {
      const line = table([[MARK[state], `${name}: ${found}`]]);
      return advice === undefined ? line : `${line}\n   ${pc.dim(advice)}`;
    })
    .join('\n');
}
