import { describeOption } from '../config/option-texts.ts';
import { InputError } from '../input/input-error.ts';
import { wantedByNightly } from '../runs/life/nightly.ts';
import { startRun, tryRun } from '../runs/life/start.ts';
import { findNightly } from '../schedule/nightly.ts';
import { counted } from '../units/count.ts';
import { defineCommand } from './command.ts';
import { checkOptions, checkSettings } from './options/check.ts';
import { criteriaOptions } from './options/criteria.ts';
import { inputOptions } from './options/input.ts';
import { executionOptions, placeOptions } from './options/place.ts';
import { runsOption } from './options/runs.ts';
import { requireTools } from './options/tools.ts';
import { printChecks } from './output/checks.ts';
import { showRun } from './output/show-run.ts';
import { printWarnings } from './output/warnings.ts';
import { err, out } from './terminal.ts';

export const runCommand = defineCommand(
  (command) =>
    placeOptions(checkOptions(criteriaOptions(executionOptions(runsOption(inputOptions(command))))))
      .option('from', {
        type: 'string',
        describe: 'With --start-at or --only: earlier run that has the outputs of the stages that do not run now',
      })
      .option('name', { type: 'string', describe: 'Name of the run; default: name of the JDL' })
      .option('retries', { type: 'number', describe: describeOption('retries') })
      .option('secret', {
        type: 'string',
        array: true,
        default: [] as string[],
        nargs: 1,
        describe:
          'NAME[=FILE]: pass this variable to the payloads, with its value from the environment or from FILE, and mask the value in all logs; repeatable',
      })
      .option('log-limit', {
        type: 'string',
        requiresArg: true,
        describe:
          'Maximum size of a log, e.g. 100M; default: 256M. Of a longer log relval keeps the beginning and the end',
      })
      .option('check', {
        type: 'boolean',
        default: true,
        describe: 'Run the pre-flight checks first; --no-check skips them',
      })
      .option('nightly', {
        type: 'string',
        requiresArg: true,
        describe: 'File of nightlies; the input is then the name of a nightly. Schedulers call relval in this way',
      })
      .option('any-time', {
        type: 'boolean',
        default: false,
        describe: 'With --nightly: start it now, not at its time',
      })
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'Check the input and the options, and run nothing',
      })
      .check(({ nightly, anyTime }) => {
        if (anyTime && nightly === undefined) throw new InputError([{ message: '--any-time needs --nightly FILE' }]);
        return true;
      }),
  async (args) => {
    requireTools();
    const nightly = args.nightly === undefined ? undefined : findNightly(args.nightly, args.input);
    if (args.dryRun) {
      const { wanted } = nightly ? await wantedByNightly(nightly, args, Date.now()) : { wanted: args };
      // A dry run needs no place to run, so it uses this machine if none is given.
      const isSomewhere = wanted.local || wanted.catalog !== undefined || wanted.batch === 'condor';
      const somewhere = isSomewhere ? wanted : { ...wanted, local: true };
      const { plan } = await tryRun(somewhere, nightly);
      printWarnings(plan.warnings);
      out.say(
        `${counted(plan.steps.length, 'step')} of ${counted(plan.stages.length, 'stage')} would run; \`relval plan\` shows them`,
      );
      return;
    }
    const started = await startRun(args, {
      nightly,
      anyTime: args.anyTime,
      check: args.check ? checkSettings(args) : undefined,
      warn: printWarnings,
      say: (text) => err.say(text),
      printChecks,
    });
    await showRun(started, args);
  },
);
