import { join, resolve } from 'node:path';
import { describeOption } from '../config/option-texts.ts';
import { reasonAgainst } from '../preflight/check.ts';
import { checkPlan } from '../runs/life/check-before.ts';
import { wantedByNightly } from '../runs/life/nightly.ts';
import { findNightly } from '../schedule/nightly.ts';
import { planInput } from '../workflow/plan-input.ts';
import { defineCommand } from './command.ts';
import { checkOptions, checkSettings } from './options/check.ts';
import { inputOptions } from './options/input.ts';
import { machineOptions } from './options/place.ts';
import { runsOption } from './options/runs.ts';
import { checkLines } from './output/checks.ts';
import { printWarnings } from './output/warnings.ts';
import { err, out } from './terminal.ts';

/** Exit status of a failed check: the infrastructure is at fault, as in a broken run. */
const EXIT_FAILED = 3;

export const checkCommand = defineCommand(
  (command) =>
    machineOptions(checkOptions(runsOption(inputOptions(command))))
      .option('local', {
        type: 'boolean',
        default: false,
        describe: 'Check this machine, for a run with --local (default)',
      })
      .option('catalog', {
        type: 'string',
        describe: 'HOST:PORT of a catalog: check its cluster, for a run with --catalog',
      })
      .option('batch', {
        choices: ['wq', 'condor'] as const,
        describe: 'condor: check HTCondor, for a run with --batch condor',
      })
      .option('schedd', { type: 'string', requiresArg: true, describe: describeOption('schedd') })
      .option('pool', { type: 'string', requiresArg: true, describe: describeOption('pool') })
      .option('containerizer', {
        choices: ['docker', 'podman'] as const,
        describe: 'With --local: program that starts containers; also checks the image of the steps',
      })
      .option('image', {
        type: 'string',
        requiresArg: true,
        describe:
          'With --catalog: image that a pool must have; asks the frameworks that relval.yaml names (section serve)',
      })
      .option('nightly', {
        type: 'string',
        requiresArg: true,
        describe: 'File of nightlies; the input is then the name of a nightly',
      })
      .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
  async (given) => {
    const nightly = given.nightly === undefined ? undefined : findNightly(given.nightly, given.input);
    const { wanted: args, problem } = nightly
      ? await wantedByNightly(nightly, given, Date.now())
      : { wanted: given, problem: undefined };
    const plan = planInput(args, { outputBase: join(resolve(args.runs), 'RUN') });
    if (!args.json) printWarnings(plan.warnings);
    const say = (text: string) => err.say(text);
    const checks = await checkPlan(plan, args, {
      ...checkSettings(args),
      machine: { ...args, directory: resolve(args.runs) },
      fast: false,
      say,
    });
    if (problem !== undefined) checks.unshift({ name: 'release', state: 'failed', found: problem });
    if (args.json) out.sayJson(checks);
    else out.say(...checkLines(checks));
    process.exitCode = reasonAgainst(checks) === undefined ? 0 : EXIT_FAILED;
  },
);
