import { join, resolve } from 'node:path';
import { reasonAgainst } from '../preflight/check.ts';
import { checkPlan } from '../runs/life/check-before.ts';
import { wantedByNightly } from '../runs/life/nightly.ts';
import { findNightly } from '../schedule/nightly.ts';
import { planInput } from '../workflow/plan-input.ts';
import { defineCommand } from './command.ts';
import { checkOptions, checkSettings } from './options/check.ts';
import { inputOptions } from './options/input.ts';
import { runsOption } from './options/runs.ts';
import { checksText } from './output/checks.ts';
import { tellWarnings } from './output/warnings.ts';

/** What is wrong is the infrastructure's fault, as with a run that is broken. */
const EXIT_FAILED = 3;

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
    const { wanted: args, problem } = nightly
      ? await wantedByNightly(nightly, given, Date.now())
      : { wanted: given, problem: undefined };
    const plan = planInput(args, { outputBase: join(resolve(args.runs), 'RUN') });
    if (!args.json) tellWarnings(plan.warnings);
    const say = (text: string) => console.error(text);
    const checks = await checkPlan(plan, args, { ...checkSettings(args), fast: false, say });
    if (problem !== undefined) checks.unshift({ name: 'release', state: 'failed', found: problem });
    if (args.json) console.log(JSON.stringify(checks, null, 2));
    else console.log(checksText(checks));
    process.exitCode = reasonAgainst(checks) === undefined ? 0 : EXIT_FAILED;
  },
);
