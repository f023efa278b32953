import { join, resolve } from 'node:path';
import pc from 'picocolors';
import type { Argv } from 'yargs';
import { seconds } from '../jdl/keys.ts';
import { InputError } from '../jdl/problem.ts';
import { type Check, checkLine, reasonAgainst } from '../preflight/check.ts';
import { preflight } from '../preflight/preflight.ts';
import type { RunJournal } from '../runs/journal.ts';
import { findNightly } from '../schedule/nightly.ts';
import type { Plan } from '../workflow/plan.ts';
import { planInput } from '../workflow/plan-input.ts';
import { warn } from './generate.ts';
import { inputOptions } from './input-options.ts';
import { runsOption } from './inspect.ts';
import { nightlyArguments } from './nightly.ts';
import { table } from './table.ts';

/** What is wrong is the infrastructure's fault, as with a run that is broken. */
const EXIT_FAILED = 3;
/** As long as the release managers of the predecessor wanted it. */
const PROXY_DAYS = 7;

const MARK: Record<Check['state'], string> = {
  ok: pc.green('✓'),
  warning: pc.yellow('!'),
  failed: pc.red('✗'),
  skipped: pc.dim('-'),
};

/** The flags about pre-flight checks: shared by `check` and the commands that run something. */
export function checkOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('wait', {
      type: 'string',
      requiresArg: true,
      describe: 'How long to wait for packages that are not published yet, such as 20m; default: not at all',
    })
    .option('proxy', { type: 'string', requiresArg: true, describe: 'Proxy certificate; default: $X509_USER_PROXY' })
    .option('proxy-days', {
      type: 'number',
      default: PROXY_DAYS,
      describe: 'Days for which the proxy certificate must be valid',
    })
    .option('alienv', {
      type: 'string',
      requiresArg: true,
      describe: 'Program that lists packages; default: that of CVMFS',
    });
}

export interface CheckArguments {
  wait?: string | undefined;
  proxy?: string | undefined;
  proxyDays: number;
  alienv?: string | undefined;
  local: boolean;
  catalog?: string | undefined;
}

export function addCheck(program: Argv): void {
  program.command(
    'check <input>',
    'Pre-flight checks: what would keep a run from working',
    (command) =>
      checkOptions(runsOption(inputOptions(command)))
        .option('local', { type: 'boolean', default: false, describe: 'Check for a run on this machine (the default)' })
        .option('catalog', { type: 'string', describe: 'HOST:PORT: check for a run on the cluster of this catalog' })
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
}

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
  if (reason !== undefined) console.error(checksText(checks.filter(({ state }) => state === 'failed')));
  return reason;
}

function runPreflight(plan: Plan, args: CheckArguments, fast: boolean): Promise<Check[]> {
  const { catalog, wait, proxy, proxyDays, alienv } = args;
  const patience = wait === undefined ? 0 : seconds(wait);
  if (patience === undefined) throw new InputError([{ message: `--wait ${wait}: expected a time such as 90s or 20m` }]);
  if (!(proxyDays >= 0)) throw new InputError([{ message: `--proxy-days: expected a number of days` }]);
  const say = (text: string) => console.error(text);
  return preflight({ plan, catalog, fast, wait: patience * 1000, proxy, proxyDays, alienv, say });
}

function checksText(checks: readonly Check[]): string {
  return checks
    .map(({ name, state, found, advice }) => {
      const line = table([[MARK[state], `${name}: ${found}`]]);
      return advice === undefined ? line : `${line}\n   ${pc.dim(advice)}`;
    })
    .join('\n');
}
