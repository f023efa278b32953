import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** A rule that has run. */
export interface CompleteRule {
  /** Its number in the Makeflow file, from 0. */
  node: number;
  /** The files that it has made, by their names in makeflow's directory. */
  targets: readonly string[];
}

/**
 * Writes makeflow's log again when it was emptied or removed, so that makeflow does not repeat what is complete. Makeflow must
 * not be running. A log that tells of fewer starts of makeflow than there were was emptied: the names of attempts have the
 * number of the start, so that number must go on.
 * @param starts how often makeflow was started on this file, as far as anything came of it
 * @param complete called only when the log was emptied
 * @param total number of rules
 * @param now ms since 1970; files that are younger count as changed
 * @returns whether the log was emptied
 */
export function rebuildLog(
  path: string,
  starts: number,
  complete: () => readonly CompleteRule[],
  total: number,
  now: number,
): boolean {
  if (startsIn(path) >= starts) return false;
  const time = now * 1000;
  const lines = Array.from({ length: starts }, () => `# STARTED ${time}`);
  for (const [before, { node, targets }] of complete().entries()) {
    for (const target of targets) lines.push(`# FILE ${time} ${target} 2 1`);
    const done = before + 1;
    lines.push(`${time} ${node} 2 0 ${total - done} 0 ${done} 0 0 ${total}`);
  }
  writeFileSync(`${path}.new`, lines.map((line) => `${line}\n`).join(''), 'latin1');
  renameSync(`${path}.new`, path);
  return true;
}

function startsIn(path: string): number {
  try {
    return readFileSync(path, 'latin1').match(/^# STARTED /gm)?.length ?? 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
