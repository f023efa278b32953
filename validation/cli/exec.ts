import { steadyNow } from '../../framework/tools/steady-clock.ts';
import { describeOption } from '../config/option-texts.ts';
import { startCommand } from '../runs/life/start-command.ts';
import { defineCommand } from './command.ts';
import { checkOptions, checkSettings } from './options/check.ts';
import { criteriaOptions } from './options/criteria.ts';
import { executionOptions, placeOptions } from './options/place.ts';
import { runsOption } from './options/runs.ts';
import { requireTools } from './options/tools.ts';
import { printChecks } from './output/checks.ts';
import { execProgress } from './output/exec-progress.ts';
import { plainProgress, SILENT } from './output/progress.ts';
import { showRun } from './output/show-run.ts';
import { printWarnings } from './output/warnings.ts';
import { err } from './terminal.ts';

export const execCommand = defineCommand(
  (command) =>
    placeOptions(checkOptions(criteriaOptions(executionOptions(runsOption(command)))))
      .usage(
        '$0 exec [options] -- CMD ARG…\n\nRuns one command unchanged, as the only step of a run. relval keeps its log and judges it.',
      )
      .option('directory', {
        type: 'string',
        describe:
          'Directory to send to the worker; the command runs in it. Default: the directory of the script, if CMD is a path. --no-directory: send only the script',
      })
      .option('input', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'File or root:// address to place beside the command; append ,unpack to unpack it; repeatable',
      })
      .option('output', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Glob of output files to store; the run fails if none matches; repeatable',
      })
      .option('output-dir', {
        type: 'string',
        default: 'output',
        requiresArg: true,
        describe: 'Place for the outputs: a directory below the run, an absolute path, or root://…',
      })
      .option('cores', { type: 'number', describe: 'Cores that the command needs' })
      .option('gpus', { type: 'number', describe: 'GPUs that the command needs' })
      .option('memory', { type: 'string', requiresArg: true, describe: 'Memory that the command needs, e.g. 2GB' })
      .option('wall-time', {
        type: 'string',
        requiresArg: true,
        describe: 'Time limit, e.g. 2h: the command is killed after it',
      })
      .option('retries', { type: 'number', describe: describeOption('retries') })
      .option('name', { type: 'string', describe: 'Name of the run; default: name of the command' })
      .option('check', {
        type: 'boolean',
        default: true,
        describe: 'Run the pre-flight checks first; --no-check skips them',
      }),
  async (args) => {
    requireTools();
    const words = (args['--'] as string[] | undefined) ?? [];
    // yargs gives false for --no-directory, although the option is a string.
    const started = await startCommand(
      { ...args, words, directory: args.directory as string | false | undefined },
      {
        check: args.check ? checkSettings(args) : undefined,
        warn: printWarnings,
        say: (text) => err.say(text),
        printChecks,
      },
    );
    const { journal, plan } = started;
    await showRun(started, args, {
      progress: () =>
        execProgress(
          journal.run,
          plan.steps[0]?.id ?? '',
          !args.json,
          args.quiet ? SILENT : plainProgress(err, steadyNow()),
        ),
      // stdout is only for the output of the command.
      on: err,
    });
  },
);
