import yargs from 'yargs';
import { wrongFlag } from '../../framework/tools/wrong-flag.ts';
import { hasVariables, settingsPlace } from '../config/find.ts';
import { InputError } from '../input/input-error.ts';
import { COMMANDS, CONFIG, EPILOGUE, SUMMARY, UTC } from './commands.ts';
import { useZone } from './output/zone.ts';
import { helpWidth } from './terminal.ts';

/** Flags with a value that may be negated. */
const NEGATABLE = ['config', 'directory'];

/**
 * Parses and executes a command line.
 * @param words of the command line, without the program
 * @throws InputError for errors that the user can correct, and any other error
 */
export async function runCommandLine(words: readonly string[], version: string): Promise<void> {
  const program = yargs([...words])
    .scriptName('relval')
    .usage(`$0 COMMAND\n\n${SUMMARY}`)
    .demandCommand(1, 'A command is missing.')
    .parserConfiguration({ 'populate--': true, 'parse-positional-numbers': false })
    .strict()
    .recommendCommands()
    .version(version)
    .wrap(helpWidth)
    .epilogue(EPILOGUE)
    .fail((message, error) => {
      throw error ?? new InputError([{ message: `${message}\nTry --help.` }]);
    });

  program.options({ config: CONFIG, utc: UTC }).middleware(async (args) => {
    const mistake = wrongFlag(args, program, NEGATABLE);
    if (mistake !== undefined) throw new InputError([{ message: mistake }]);
    // Without a command there is nothing to fill in, so the code for it is not loaded.
    if (!hasVariables() && settingsPlace(args.config) === undefined) return;
    (await import('./options/settings.ts')).fillIn(args, program);
  }, true);
  program.middleware((args) => useZone(args.utc ? 'utc' : 'local'));

  for (const { usage, describe, load } of COMMANDS) {
    program.command({
      command: usage,
      describe,
      builder: async (yargs) => (await load()).builder(yargs),
      handler: async (args) => (await load()).handler(args),
    });
  }
  await program.parseAsync();
}
