import { createInterface } from 'node:readline/promises';
import pc from 'picocolors';
import { InputError } from '../input/input-error.ts';
import { keptRuns, removeRuns } from '../runs/retention/removal.ts';
import { decideRetention, type RetentionDecision, type RetentionPolicy } from '../runs/retention/retention.ts';
import { gcSection } from '../runs/retention/retention-settings.ts';
import { RunStore } from '../runs/store/store.ts';
import { megabytes, seconds } from '../units/parse.ts';
import { formatSize } from '../units/size.ts';
import { formatUtc } from '../units/time.ts';
import { defineCommand } from './command.ts';
import { runsOption } from './options/runs.ts';
import { table } from './output/table.ts';

const words = (key: keyof ReturnType<typeof gcSection.unwrap>['shape']): string =>
  gcSection.unwrap().shape[key].description ?? '';

export const gcCommand = defineCommand(
  (command) =>
    runsOption(command)
      .option('older-than', { type: 'string', requiresArg: true, describe: words('olderThan') })
      .option('keep', { type: 'number', requiresArg: true, describe: words('keep') })
      .option('max-size', { type: 'string', requiresArg: true, describe: words('maxSize') })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Only show what would go' })
      .option('yes', { alias: 'y', type: 'boolean', default: false, describe: 'Do not ask' })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  async (args) => {
    const policy = policyOf(args);
    const store = new RunStore(args.runs);
    const decisions = decideRetention(await keptRuns(store), policy, Date.now());
    const going = decisions.filter(({ remove }) => remove);
    if (!args.json) console.log(decisionsText(decisions, store.dir));
    const agreed = !args.dryRun && going.length > 0 && (args.yes || (await ask(going.length)));
    const removed = agreed ? await removeRuns(store, policy) : [];
    if (args.json)
      console.log(
        JSON.stringify(
          decisions.map((one) => asJson(one, removed)),
          null,
          2,
        ),
      );
    else if (agreed) console.log(`${removed.length} removed`);
    else if (going.length > 0 && (args.dryRun || !process.stdin.isTTY))
      console.log('nothing was removed: --yes without --dry-run removes them');
  },
);

interface PolicyFlags {
  olderThan?: string | undefined;
  keep?: number | undefined;
  maxSize?: string | undefined;
}

/** @throws InputError flags that are none, or that there is none of them */
function policyOf({ olderThan, keep, maxSize }: PolicyFlags): RetentionPolicy {
  const fail = (message: string): never => {
    throw new InputError([{ message: `gc: ${message}` }]);
  };
  if (olderThan === undefined && keep === undefined && maxSize === undefined) {
    fail('say which runs may go: --older-than 30d, --keep 20 or --max-size 100G');
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

function decisionsText(decisions: readonly RetentionDecision[], dir: string): string {
  if (decisions.length === 0) return `no runs in ${dir}`;
  const rows = decisions.map(({ run, remove, reason }) => [
    remove ? pc.red('goes') : pc.green('stays'),
    run.id,
    run.status,
    formatUtc(run.created),
    formatSize(run.size),
    reason,
  ]);
  const going = decisions.filter(({ remove }) => remove);
  const freed = going.reduce((sum, { run }) => sum + run.size, 0);
  return `${table(rows)}\n\n${going.length} of ${decisions.length} runs go, which frees ${formatSize(freed)}`;
}

function asJson({ run, remove, reason }: RetentionDecision, removed: readonly string[]) {
  return { ...run, decision: remove ? 'remove' : 'keep', reason, removed: removed.includes(run.id) };
}

/** Only somebody at a terminal can be asked. */
async function ask(count: number): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Remove ${count === 1 ? 'it' : `these ${count}`}? [y/N] `);
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}
