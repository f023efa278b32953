import { inspect } from 'node:util';
import yargs from 'yargs';
import { COMMANDS, SUMMARY } from './command-line.ts';
import { ConfigError } from './config/config-error.ts';
import { CredentialsError } from './mesos/credentials.ts';
import { MasterSpecError } from './mesos/leader.ts';
import { TlsFileError } from './mesos/tls.ts';
import { JournalError } from './store/journal.ts';
import { helpWidth, sayError } from './terminal.ts';
import { wrongFlag } from './tools/wrong-flag.ts';
import { PasswordFileError } from './workqueue/password.ts';

/** Errors that the user can correct: the message says how, and the exit status is 2. */
const USAGE_ERRORS = [ConfigError, CredentialsError, JournalError, MasterSpecError, PasswordFileError, TlsFileError];

/** Reads the command line and runs its command. Ends the process with status 1 or 2 on errors. */
export async function runCommandLine(words: readonly string[], version: string): Promise<void> {
  const program = yargs([...words])
    .scriptName('mesos-workqueue-framework')
    .usage(`$0\n\n${SUMMARY}`)
    .version(version)
    .strict()
    .wrap(helpWidth)
    .fail((message, error) => {
      throw error ?? new ConfigError(`${message}\nTry --help.`);
    });

  program.middleware((args) => {
    const mistake = wrongFlag(args, program);
    if (mistake !== undefined) throw new ConfigError(mistake);
  }, true);
  for (const { usage, describe, builder, handler } of COMMANDS) program.command(usage, describe, builder, handler);

  try {
    await program.parseAsync();
  } catch (error) {
    // `syscall`: the operating system refused something, for example to write the state directory.
    const isUsage = USAGE_ERRORS.some((kind) => error instanceof kind) || Object.hasOwn(error as Error, 'syscall');
    sayError(isUsage ? (error as Error).message : inspect(error));
    process.exit(isUsage ? 2 : 1);
  }
}
