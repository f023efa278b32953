import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Finding } from '../report/model.ts';
import { FOLDS, type Fold, KEEPS, shown } from './folds.ts';

/** The version of the fingerprints. Fingerprints of two versions cannot be compared. */
export const FINGERPRINTS = 2;

/** The number of characters of a message that are folded. Messages of relval are shorter. */
const LENGTH = 2000;
/** The number of folded characters before and after the start of a match that go into the fingerprint. */
const BEFORE = 200;
const AFTER = 300;

/** Replaces the parts of a message that change from run to run: times, hosts, directories, addresses and numbers. */
export function fold(message: string, hosts: readonly Fold[] = []): string {
  return shown(foldAt(message.slice(0, LENGTH), 0, hosts).text).trim();
}

/**
 * Like `fold`, for a line that may be long: returns only the text near `anchor`, the index of the match. It folds first and
 * cuts then, so that the length of a number, a path or a time before the match does not change the result.
 * @param hosts from foldOfHosts
 */
export function foldAround(line: string, anchor: number, hosts: readonly Fold[] = []): string {
  const { text, position } = foldAt(line, anchor, hosts);
  return shown(text.slice(Math.max(0, position - BEFORE), position + AFTER)).trim();
}

/**
 * A cheap replacement for `fold`, at a few per cent of its cost: it replaces only some numbers. Two lines with the same
 * outline have the same kind.
 */
export function outline(line: string): string {
  const shape = withoutNumbers(line);
  let keeps = keeping.get(shape);
  if (keeps === undefined) {
    if (keeping.size >= SHAPES) keeping.clear();
    keeps = kept(shape) !== shape;
    keeping.set(shape, keeps);
  }
  return keeps ? withoutNumbers(kept(line)) : shape;
}

/** By shape: whether it has a number that KEEPS keeps. Most lines of a log have one of a few shapes. */
const keeping = new Map<string, boolean>();
const SHAPES = 5000;

function withoutNumbers(line: string): string {
  return line.replace(/(?<![\w.])\d+(?![\w.])/g, '0');
}

function kept(line: string): string {
  return KEEPS.reduce((text, [pattern, instead]) => text.replace(pattern, instead as (found: string) => string), line);
}

/**
 * Makes a replacement for the names of hosts, with and without their domain. It leaves out a name without a digit, dot or
 * hyphen: such a word may mean something else in a log.
 */
export function foldOfHosts(hosts: readonly string[]): Fold[] {
  const names = hosts.flatMap((host) => [host, host.split('.')[0] ?? '']).filter((name) => /[\d.-]/.test(name));
  if (names.length === 0) return [];
  const longestFirst = [...new Set(names)].sort((a, b) => b.length - a.length);
  const any = longestFirst.map((name) => name.replace(/[^\w-]/g, '\\$&')).join('|');
  return [[new RegExp(`(?<![\\w.])(?:${any})(?![\\w-])`, 'g'), '<host>']];
}

/**
 * Folds a text.
 * @returns the folded text, and the position of `anchor` in it. An anchor inside a replaced part moves to its start
 */
function foldAt(line: string, anchor: number, hosts: readonly Fold[]): { text: string; position: number } {
  let text = line;
  let position = anchor;
  for (const [pattern, instead] of [...KEEPS, ...FOLDS.before, ...hosts, ...FOLDS.after]) {
    // Most patterns match nowhere, and to iterate over matches is expensive.
    if (text.search(pattern) === -1) continue;
    let folded = '';
    let moved = position;
    let end = 0;
    for (const match of text.matchAll(pattern)) {
      const [found, group = ''] = match;
      const to = typeof instead === 'string' ? instead.replaceAll('$1', () => group) : instead(found);
      folded += text.slice(end, match.index) + to;
      end = match.index + found.length;
      if (end <= position) moved += to.length - found.length;
      // An anchor inside a part that keeps its length does not move.
      else if (match.index < position && to.length !== found.length) moved -= position - match.index;
    }
    text = folded + text.slice(end);
    position = moved;
  }
  return { text, position };
}

/**
 * The fingerprint of a finding: 16 hexadecimal digits, made of stage, rule, log file, folded message, and the calls of a crash.
 * @param folded the result of `foldAround`, for a line of a log. Absent: the folded message
 */
export function fingerprint(
  finding: Pick<Finding, 'stage' | 'rule' | 'file' | 'message' | 'trace'>,
  folded: string = fold(finding.message),
): string {
  const parts = [
    FINGERPRINTS,
    finding.stage,
    finding.rule,
    finding.file ? basename(finding.file) : '',
    folded,
    ...(finding.trace ?? []),
  ];
  // Not a part of the whole text, which would keep the whole in memory.
  return createHash('sha256').update(JSON.stringify(parts)).digest().toString('hex', 0, 8);
}
