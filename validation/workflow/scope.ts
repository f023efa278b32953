import { basename } from 'node:path';

/** Globs (`*`, `?`) of the stages and of the files that something is about. Absent: all. */
export interface Scope {
  stages?: string[] | undefined;
  files?: string[] | undefined;
}

export function coversStage({ stages }: Scope, stage: string): boolean {
  return stages?.some((glob) => wildcardMatches(glob, stage)) ?? true;
}

/** A file fits by its path or by its base name. */
export function coversFile({ files }: Scope, file: string): boolean {
  return files?.some((glob) => wildcardMatches(glob, file) || wildcardMatches(glob, basename(file))) ?? true;
}

/**
 * Whether a text is of a pattern with `*` (anything, also `/`) and `?` (one character). The time it takes grows with the
 * length of the text times that of the pattern, whatever they hold: texts may come from files that nobody has looked at.
 */
export function wildcardMatches(pattern: string, text: string): boolean {
  let [p, t] = [0, 0];
  /** Behind the last star, and up to where that star reaches. */
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
