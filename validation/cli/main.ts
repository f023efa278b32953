#!/usr/bin/env node
import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { sayVersions } from '../../framework/tools/versions.ts';
import { NotRegular } from '../files/regular-file.ts';
import { formatProblem, InputError } from '../input/input-error.ts';
import { endWithReader, out, sayError } from './terminal.ts';

/** Exit status of bad input and usage, and of what says nothing about the release. 0, 1 and 3 are verdicts; 130 is an interrupted run. */
const USAGE = 2;
const BROKEN = 3;
/** What the system says of a path that was given and cannot be used. */
const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'ENAMETOOLONG']);

endWithReader();
process.on('uncaughtException', fail);
try {
  const words = process.argv.slice(2);
  const { version } = createRequire(import.meta.url)('release-validation/package.json') as { version: string };
  // Scripts ask often for the version: what reads a whole command line is not loaded for that.
  if (words.join(' ') === '--version')
    await sayVersions(version, ['makeflow', 'work_queue_worker'], (...lines) => out.say(...lines));
  else await (await import('./program.ts')).runCommandLine(words, version);
} catch (error) {
  if (!(error instanceof InputError)) fail(error);
  sayError('relval', error.problems.map(formatProblem));
  process.exitCode = USAGE;
}

/** Ends with what the system refused, or with a fault of our own: neither is a release that has failed, which 1 would say. */
function fail(error: unknown): never {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  const isOfSystem = (code !== undefined && syscall !== undefined) || error instanceof NotRegular;
  sayError('relval', [isOfSystem ? message : inspect(error)]);
  process.exit(code !== undefined && syscall !== undefined && REFUSED.has(code) ? USAGE : BROKEN);
}
