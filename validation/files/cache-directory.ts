import { homedir } from 'node:os';
import { join } from 'node:path';

/** The directory of relval's caches: `$XDG_CACHE_HOME/relval`, or `~/.cache/relval`. All that is in it may be removed at any time. */
export function cacheDirectory(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'relval');
}
