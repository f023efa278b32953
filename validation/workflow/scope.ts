import { basename } from 'node:path';

/** Globs (`*`, `?`) of the stages and files to which something applies. Absent: all. */
export interface Scope {
  stages?: string[] | undefined;
  files?: string[] | undefined;
}

export function coversStage({ stages }: Scope, stage: string): boolean {
  return stages?.some((glob) => wildcardMatches(glob, stage)) ?? true;
}

/** Whether a file matches, by its path or by its base name. */
export function coversFile({ files }: Scope, file: string): boolean {
  return files?.some((glob) => wildcardMatches(glob, file) || wildcardMatches(glob, basename(file))) ?? true;
}

/**
 * Whether a text matches a pattern with `*` (any characters, also `/`) and `?` (one character). The time is limited by the
 * product of the two lengths for every input: texts may come from files of unknown content.
 */
export function wildcardMatches(pattern: string, text: string): boolean {
  let [p, t] = [0, 0];
  /** The position after the last star, and how far that star reaches. */
  let [star, reach] = [-1, 0];
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = ++p;
      reach = t;
    } else if (pattern[p] === '?' || (p < pattern.length && pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star;
      t = ++reach;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
