#!/usr/bin/env node
import { createRequire } from 'node:module';
import { printVersions } from '../../framework/tools/versions.ts';
import { InputError } from '../input/input-error.ts';

/** Exit status of bad input and usage, and of what says nothing about the release. 0, 1 and 3 are verdicts; 130 is an interrupted run. */
const USAGE = 2;
const BROKEN = 3;
/** What the system says of a path that was given and cannot be used. */
const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'ENAMETOOLONG']);

// A reader that has seen enough (`relval logs … | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});
process.on('uncaughtException', fail);
try {
  const words = process.argv.slice(2);
  const { version } = createRequire(import.meta.url)('release-validation/package.json') as { version: string };
  // Scripts ask often for the version: what reads a whole command line is not loaded for that.
  if (words.join(' ') === '--version') await printVersions(version, ['makeflow', 'work_queue_worker']);
  else await (await import('./program.ts')).runCommandLine(words, version);
} catch (error) {
  if (!(error instanceof InputError)) fail(error);
  console.error(`relval: ${error.message}`);
  process.exitCode = USAGE;
}

/** Ends with what the system refused, or with a fault of our own: neither is a release that has failed, which 1 would say. */
function fail(error: unknown): never {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  const isOfSystem = code !== undefined && syscall !== undefined;
  console.error(isOfSystem ? `relval: ${message}` : error);
  process.exit(isOfSystem && REFUSED.has(code) ? USAGE : BROKEN);
}
