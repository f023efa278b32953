#!/usr/bin/env node
import { createRequire } from 'node:module';
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { COMMANDS, SUMMARY } from './command-line.ts';
import { ConfigError } from './config.ts';
import { CredentialsError } from './mesos/credentials.ts';
import { MasterSpecError } from './mesos/leader.ts';
import { TlsFileError } from './mesos/tls.ts';
import { JournalError } from './store/journal.ts';
import { printVersions } from './tools/versions.ts';
import { PasswordFileError } from './workqueue/password.ts';

/** Errors of the caller's making: their message says what to do, and exit 2 says whose turn it is. */
const USAGE_ERRORS = [ConfigError, CredentialsError, JournalError, MasterSpecError, PasswordFileError, TlsFileError];

const words = hideBin(process.argv);
const { version } = createRequire(import.meta.url)('release-validation/package.json') as { version: string };
const program = yargs(words)
  .scriptName('mesos-workqueue-framework')
  .usage(`$0\n\n${SUMMARY}`)
  .version(version)
  .strict()
  .wrap(Math.min(120, process.stdout.columns ?? 100))
  .fail((message, error) => {
    throw error ?? new ConfigError(`${message}\nTry --help.`);
  });

for (const { usage, describe, builder, handler } of COMMANDS) program.command(usage, describe, builder, handler);

try {
  if (words.join(' ') === '--version') await printVersions(version, ['work_queue_worker']);
  else await program.parseAsync();
} catch (error) {
  // A `syscall`: the operating system refuses something, as a state directory that may not be written.
  if (!USAGE_ERRORS.some((kind) => error instanceof kind) && !Object.hasOwn(error as Error, 'syscall')) throw error;
  console.error(`mesos-workqueue-framework: ${(error as Error).message}`);
  process.exit(2);
}
