import { describeOption } from '../config/options.ts';
import { InputError } from '../input/input-error.ts';
import { wantedByNightly } from '../runs/life/nightly.ts';
import { startRun, tryRun } from '../runs/life/start.ts';
import { findNightly } from '../schedule/nightly.ts';
import { counted } from '../units/count.ts';
import { defineCommand } from './command.ts';
import { checkOptions, checkSettings } from './options/check.ts';
import { criteriaOptions } from './options/criteria.ts';
import { inputOptions } from './options/input.ts';
import { carryOptions, placeOptions } from './options/place.ts';
import { runsOption } from './options/runs.ts';
import { requireTools } from './options/tools.ts';
import { tellChecks } from './output/checks.ts';
import { showRun } from './output/show-run.ts';
import { tellWarnings } from './output/warnings.ts';

export const runCommand = defineCommand(
  (command) =>
    placeOptions(checkOptions(criteriaOptions(carryOptions(runsOption(inputOptions(command))))))
      .option('from', {
        type: 'string',
        describe: 'With --start-at or --only: the run that has the outputs of the stages that are not run',
      })
      .option('name', { type: 'string', describe: 'Name of the run; default: that of the JDL' })
      .option('retries', { type: 'number', describe: describeOption('retries') })
      .option('secret', {
        type: 'string',
        array: true,
        default: [] as string[],
        nargs: 1,
        describe:
          'NAME[=FILE]: give payloads this variable, from our environment or a file, and mask its value in all logs',
      })
      .option('log-limit', {
        type: 'string',
        requiresArg: true,
        describe: 'Of longer logs the first and the last half of this size are kept, e.g. 100M; default 256M',
      })
      .option('check', {
        type: 'boolean',
        default: true,
        describe: 'Pre-flight checks before anything runs; --no-check leaves them out',
      })
      .option('nightly', {
        type: 'string',
        requiresArg: true,
        describe: 'File of nightlies: the input is the name of one of them. This is what schedulers call',
      })
      .option('any-time', {
        type: 'boolean',
        default: false,
        describe: 'With --nightly: start it now, whenever it was due',
      })
      .option('dry-run', { type: 'boolean', default: false, describe: 'Check everything, and run nothing' })
      .check(({ nightly, anyTime }) => {
        if (anyTime && nightly === undefined)
          throw new InputError([{ message: '--any-time goes with --nightly FILE' }]);
        return true;
      }),
  async (args) => {
    requireTools();
    const nightly = args.nightly === undefined ? undefined : findNightly(args.nightly, args.input);
    if (args.dryRun) {
      const { wanted } = nightly ? await wantedByNightly(nightly, args, Date.now()) : { wanted: args };
      // Where it would run does not matter for what would run.
      const somewhere = wanted.local || wanted.catalog !== undefined ? wanted : { ...wanted, local: true };
      const { plan } = await tryRun(somewhere, nightly);
      tellWarnings(plan.warnings);
      console.log(
        `${counted(plan.steps.length, 'step')} of ${counted(plan.stages.length, 'stage')} would run; \`relval plan\` shows them`,
      );
      return;
    }
    const started = await startRun(args, {
      nightly,
      anyTime: args.anyTime,
      check: args.check ? checkSettings(args) : undefined,
      warn: tellWarnings,
      say: (text) => console.error(text),
      tellChecks,
    });
    await showRun(started, args);
  },
);
