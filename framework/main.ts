#!/usr/bin/env node
import { inspect } from 'node:util';
import yargs, { type Argv } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { explainRunning, runFramework, teardown } from './commands.ts';
import { ConfigError } from './config/yaml-file.ts';
import { CredentialsError } from './mesos/credentials.ts';
import { MasterSpecError } from './mesos/leader.ts';
import { TlsFileError } from './mesos/tls.ts';
import { defaultStateDir, frameworkOptions } from './options.ts';
import { JournalError } from './store/journal.ts';
import { helpWidth, sayError } from './terminal.ts';
import { PasswordFileError } from './workqueue/password.ts';

/** Errors of the caller's making: their message says what to do, and exit 2 says whose turn it is. */
const USAGE_ERRORS = [ConfigError, CredentialsError, JournalError, MasterSpecError, PasswordFileError, TlsFileError];

const program = yargs(hideBin(process.argv))
  .scriptName('mesos-workqueue-framework')
  .usage('$0\n\nLaunches Work Queue workers from Mesos offers: exactly as many as the managers’ waiting tasks need.')
  .command('$0', 'Serve the Work Queue managers of a catalog', frameworkOptions, runFramework)
  .command(
    'why [project]',
    'Explain what each project has, and why not more',
    (command: Argv) =>
      command
        .positional('project', { type: 'string', describe: 'Only this project' })
        .option('state-dir', {
          type: 'string',
          default: defaultStateDir(),
          describe: 'State directory of the framework',
        })
        .option('json', { type: 'boolean', default: false, describe: 'Print JSON' }),
    explainRunning,
  )
  .command('teardown', 'End the framework of a state directory: Mesos kills its workers', frameworkOptions, teardown)
  .strict()
  .wrap(helpWidth)
  .fail((message, error) => {
    throw error ?? new ConfigError(`${message}\nTry --help.`);
  });

try {
  await program.parseAsync();
} catch (error) {
  // A `syscall`: the operating system refuses something, as a state directory that may not be written.
  const isUsage = USAGE_ERRORS.some((kind) => error instanceof kind) || Object.hasOwn(error as Error, 'syscall');
  sayError(isUsage ? (error as Error).message : inspect(error));
  process.exit(isUsage ? 2 : 1);
}
