import { cacheOf } from '../../framework/tools/own-cache.ts';

/** The directory of relval's caches. All that is in it may be removed at any time. */
export const cacheDirectory = (): string => cacheOf('relval');
