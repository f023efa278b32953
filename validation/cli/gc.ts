import { InputError } from '../input/input-error.ts';
import { paint } from '../report/paint.ts';
import { keptRuns, removeRuns } from '../runs/retention/removal.ts';
import { decideRetention, type RetentionDecision, type RetentionPolicy } from '../runs/retention/retention.ts';
import { gcSection } from '../runs/retention/retention-settings.ts';
import { RunStore } from '../runs/store/store.ts';
import { counted } from '../units/count.ts';
import { megabytes, seconds } from '../units/parse.ts';
import { formatSize } from '../units/size.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';
import { table } from './output/table.ts';
import { when } from './output/zone.ts';
import { err, out } from './terminal.ts';

const words = (key: keyof ReturnType<typeof gcSection.unwrap>['shape']): string =>
  gcSection.unwrap().shape[key].description ?? '';

export const gcCommand = defineCommand(
  (command) =>
    runsOption(command)
      .option('older-than', { type: 'string', requiresArg: true, describe: words('olderThan') })
      .option('keep', { type: 'number', requiresArg: true, describe: words('keep') })
      .option('max-size', { type: 'string', requiresArg: true, describe: words('maxSize') })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only show which runs would be removed' })
      .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'Remove without asking' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  async (args) => {
    const policy = policyOf(args);
    const store = new RunStore(args.runs);
    const decisions = decideRetention(await keptRuns(store), policy, Date.now());
    const going = decisions.filter(({ remove }) => remove);
    // It is not known whether such a run goes on, or was accepted.
    for (const { name, reason } of store.look().unreadable)
      err.say(`${paint.yellow('warning')}: ${name} is not removed: ${reason}`);
    if (!args.json) out.say(...decisionsText(decisions, store.dir));
    const agreed = !args.dryRun && going.length > 0 && (args.yes || (await ask(going.length)));
    const removed = agreed ? await removeRuns(store, policy) : [];
    if (args.json) out.sayJson(decisions.map((one) => asJson(one, removed)));
    else if (agreed) out.say(`${counted(removed.length, 'run')} removed`);
    else if (going.length > 0 && (args.dryRun || !process.stdin.isTTY))
      out.say('Nothing was removed. To remove these runs, use --yes without --dry-run.');
  },
);

interface PolicyFlags {
  olderThan?: string | undefined;
  keep?: number | undefined;
  maxSize?: string | undefined;
}

/** @throws InputError if a flag has a wrong value, or no flag is given */
function policyOf({ olderThan, keep, maxSize }: PolicyFlags): RetentionPolicy {
  const fail = (message: string): never => {
    throw new InputError([{ message: `gc: ${message}` }]);
  };
  if (olderThan === undefined && keep === undefined && maxSize === undefined) {
    fail('give a limit: --older-than 30d, --keep 20 or --max-size 100G');
  }
  const age =
    olderThan === undefined
      ? undefined
      : (seconds(olderThan) ?? fail(`--older-than ${olderThan}: expected a time such as 30d`));
  const size =
    maxSize === undefined
      ? undefined
      : (megabytes(maxSize) ?? fail(`--max-size ${maxSize}: expected a size such as 100G`));
  if (keep !== undefined && !(Number.isInteger(keep) && keep >= 0)) fail(`--keep: expected a number of runs`);
  return { olderThan: age, keep, maxSize: size === undefined ? undefined : size * 2 ** 20 };
}

function decisionsText(decisions: readonly RetentionDecision[], dir: string): string[] {
  if (decisions.length === 0) return [`no runs in ${dir}`];
  const rows = decisions.map(({ run, remove, reason }) => [
    remove ? paint.red('remove') : paint.green('keep'),
    run.id,
    run.status,
    when(run.created),
    formatSize(run.size),
    reason,
  ]);
  const going = decisions.filter(({ remove }) => remove);
  const freed = going.reduce((sum, { run }) => sum + run.size, 0);
  return [
    ...table(rows),
    '',
    `${going.length} of ${decisions.length} runs would be removed, which frees ${formatSize(freed)}`,
  ];
}

function asJson({ run, remove, reason }: RetentionDecision, removed: readonly string[]) {
  return { ...run, decision: remove ? 'remove' : 'keep', reason, removed: removed.includes(run.id) };
}

/** Asks for confirmation. Without a terminal the answer is no. */
async function ask(count: number): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  return /^y(es)?$/i.test((await err.ask(`Remove ${count === 1 ? 'this run' : `these ${count} runs`}? [y/N] `)).trim());
}
