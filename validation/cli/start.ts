import { inspect } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { keepCode } from '../../framework/tools/code-cache.ts';
import { ownVersion } from '../../framework/tools/own-version.ts';
import { cacheDirectory } from '../files/cache-directory.ts';
import { NotRegular } from '../files/regular-file.ts';
import { formatProblem, InputError } from '../input/input-error.ts';
import { lackOfFiles } from '../runs/store/space.ts';
import { endWithReader, out, sayError } from './terminal.ts';

/** Exit statuses: 2 for bad input or usage, 3 for broken (infrastructure). Verdicts are 0, 1 and 3; an interrupted run is 130. */
const USAGE = 2;
const BROKEN = 3;
/** System errors about a path that the user gave. They count as bad input. */
const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS', 'EEXIST', 'ENOTDIR', 'ENAMETOOLONG']);

/**
 * Bytes of bytecode that a function runs before V8 optimizes it. V8's own value is an eighth of it: then a run of 100 steps spends a
 * tenth of its CPU time on compiling what hardly runs again. A loop that runs for a millisecond reaches both.
 */
const UNOPTIMIZED = 1_000_000;

/** Runs the command line of this process, and ends the process when that fails. */
export async function start(): Promise<void> {
  endWithReader();
  process.on('uncaughtException', fail);
  try {
    const words = process.argv.slice(2);
    // Scripts ask often for the version, so the code that reads a whole command line is not loaded for it.
    if (words.join(' ') === '--version') {
      const { sayVersions } = await import('../../framework/tools/versions.ts');
      await sayVersions(ownVersion(), ['makeflow', 'work_queue_worker'], (...lines) => out.say(...lines));
    } else {
      // Before any code of the cache is loaded, because V8 rejects the code of other flags.
      setFlagsFromString(`--interrupt-budget=${UNOPTIMIZED}`);
      keepCode(cacheDirectory, import.meta.url);
      // The version is looked up only where it may be asked for.
      const version = words.some((word) => word.startsWith('--version')) ? ownVersion() : '';
      await (await import('./program.ts')).runCommandLine(words, version);
    }
  } catch (error) {
    if (!(error instanceof InputError)) fail(error);
    sayError('relval', error.problems.map(formatProblem));
    process.exitCode = USAGE;
  }
}

/** Ends with the error of the system or of relval itself. The exit status is never 1, which means a failed release. */
function fail(error: unknown): never {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  const isOfSystem = (code !== undefined && syscall !== undefined) || error instanceof NotRegular;
  const files = error instanceof Error ? lackOfFiles(error) : undefined;
  sayError('relval', [files ?? (isOfSystem ? message : inspect(error))]);
  process.exit(code !== undefined && syscall !== undefined && REFUSED.has(code) ? USAGE : BROKEN);
}
