import { describeOption } from '../config/options.ts';
import { startCommand } from '../runs/life/start-command.ts';
import { defineCommand } from './command.ts';
import { checkOptions, checkSettings } from './options/check.ts';
import { criteriaOptions } from './options/criteria.ts';
import { carryOptions, placeOptions } from './options/place.ts';
import { runsOption } from './options/runs.ts';
import { requireTools } from './options/tools.ts';
import { tellChecks } from './output/checks.ts';
import { execProgress } from './output/exec-progress.ts';
import { showRun } from './output/show-run.ts';
import { tellWarnings } from './output/warnings.ts';

export const execCommand = defineCommand(
  (command) =>
    placeOptions(checkOptions(criteriaOptions(carryOptions(runsOption(command)))))
      .usage(
        '$0 exec [options] -- CMD ARG…\n\nRuns one command as it is, as a step of a run: its log is kept and judged.',
      )
      .option('directory', {
        type: 'string',
        describe:
          'Directory to send with it, in which it is run; default: that of a script which is given as a path; --no-directory: the script alone',
      })
      .option('input', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'File or root:// address to have beside it; ,unpack behind it unpacks; repeatable',
      })
      .option('output', {
        type: 'string',
        array: true,
        nargs: 1,
        default: [] as string[],
        describe: 'Files to keep, a glob; none is a failure; repeatable',
      })
      .option('output-dir', {
        type: 'string',
        default: 'output',
        requiresArg: true,
        describe: 'Where they are stored: below the run, an absolute path, or root://…',
      })
      .option('cores', { type: 'number', describe: 'Cores that it needs' })
      .option('memory', { type: 'string', requiresArg: true, describe: 'Memory that it needs, such as 2GB' })
      .option('wall-time', { type: 'string', requiresArg: true, describe: 'It is killed after that, such as 2h' })
      .option('retries', { type: 'number', describe: describeOption('retries') })
      .option('name', { type: 'string', describe: 'Name of the run; default: that of the command' })
      .option('check', { type: 'boolean', default: true, describe: 'Pre-flight checks; --no-check leaves them out' }),
  async (args) => {
    requireTools();
    const words = (args['--'] as string[] | undefined) ?? [];
    // yargs says false for --no-directory, though the option is a string.
    const started = await startCommand(
      { ...args, words, directory: args.directory as string | false | undefined },
      {
        check: args.check ? checkSettings(args) : undefined,
        warn: tellWarnings,
        say: (text) => console.error(text),
        tellChecks,
      },
    );
    const { journal, plan } = started;
    await showRun(started, args, {
      progress: () => execProgress(journal.run, plan.steps[0]?.id ?? '', !args.json),
      // What the command prints has stdout for itself.
      say: (text) => console.error(text),
    });
  },
);
