import { spawnSync } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { STRANGER } from './port-table.ts';

/** The tables of files in docs/refusals.md. */

/** A path without what differs from run to run and from machine to machine. */
const nameless = (path: string, dir: string): string =>
  path
    .replace(dir, '/DIRECTORY')
    .replace(/\d{8}[-T]\d{6}[\w-]*|\d{4}-\d\d-\d\dT[\w:.-]+/g, 'ID')
    .replace(/[\da-f]{8}-[\da-f]{4}-[\da-f-]{22}[\w.-]*/g, 'ID')
    // What mkdtemp has added.
    .replace(/-[A-Za-z\d]{6}(?=\/|$)/g, '-X')
    .replace(/\d+/g, 'N');

/**
 * The table of the files below some directories: what the second user can read, and the first thing that is closed.
 * @param dir the directory of the test, which paths of copied inputs have
 */
export function fileTable(dir: string, root: string, below: readonly string[]): string {
  const find = (...before: string[]) => {
    const [command = '', ...words] = [...before, 'find', ...below.map((one) => join(root, one))];
    const readable = before.length > 0 ? ['-readable'] : [];
    const { stdout } = spawnSync(command, [...words, ...readable, '-printf', '%p\\n'], { encoding: 'utf8', cwd: '/' });
    return new Set(stdout.split('\n').filter(Boolean));
  };
  const open = find(...STRANGER);
  const rows = new Map<string, string>();
  const closed: string[] = [];
  for (const path of [...find()].sort()) {
    if (closed.some((above) => path.startsWith(`${above}/`))) continue;
    let kind: string;
    try {
      const stat = lstatSync(path);
      if (stat.isSymbolicLink() && !open.has(path)) continue;
      kind = stat.isDirectory() ? '/' : '';
    } catch {
      continue; // It has gone meanwhile.
    }
    if (!open.has(path)) closed.push(path);
    // Inputs are copied with the path that they have here.
    const copied = path.split('/input/tree')[1];
    if (copied && dir.startsWith(copied)) continue;
    const answer = open.has(path) ? (kind ? 'lists' : 'reads') : kind ? 'refused, and all below' : 'refused';
    rows.set(`${nameless(path.slice(root.length + 1), dir)}${kind}`, answer);
  }
  const lines = [...rows].sort().map(([path, answer]) => `| \`${path}\` | ${answer} |`);
  return ['| file | another user |', '| --- | --- |', ...lines].join('\n');
}
