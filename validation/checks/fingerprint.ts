import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Finding } from '../report/model.ts';
import { FOLDS, type Fold, KEEPS, shown } from './folds.ts';

/** Version of what is made here: fingerprints of two versions cannot be compared. */
export const FINGERPRINTS = 2;

/** Characters of a message that are looked at: sentences of our own are shorter. */
const LENGTH = 2000;
/** Characters that tell one trouble from another, before what was found and from there on; counted after folding. */
const BEFORE = 200;
const AFTER = 300;

/** A message without what changes from run to run: times, hosts, directories, addresses and numbers. */
export function fold(message: string, hosts: readonly Fold[] = []): string {
  return shown(foldAt(message.slice(0, LENGTH), 0, hosts).text).trim();
}

/**
 * As `fold`, of a line that may be long: only what is near to `anchor`, the index of what was found in it. That is cut
 * when the rest is folded, so that it does not shift with the length of a number, a path or a time before it.
 * @param hosts what foldOfHosts made
 */
export function foldAround(line: string, anchor: number, hosts: readonly Fold[] = []): string {
  const { text, position } = foldAt(line, anchor, hosts);
  return shown(text.slice(Math.max(0, position - BEFORE), position + AFTER)).trim();
}

/**
 * A line without some of what `fold` leaves out, for the price of a few per cent: two lines with the same outline have the
 * same kind.
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

/** By shape: whether it has a number that is to stay. Lines of few shapes make up most of a log. */
const keeping = new Map<string, boolean>();
const SHAPES = 5000;

function withoutNumbers(line: string): string {
  return line.replace(/(?<![\w.])\d+(?![\w.])/g, '0');
}

function kept(line: string): string {
  return KEEPS.reduce((text, [pattern, instead]) => text.replace(pattern, instead as (found: string) => string), line);
}

/**
 * Names of hosts that a log may name, as they are and without their domain. One that is a mere word is not among them: it
 * may mean something else on another host.
 */
export function foldOfHosts(hosts: readonly string[]): Fold[] {
  const names = hosts.flatMap((host) => [host, host.split('.')[0] ?? '']).filter((name) => /[\d.-]/.test(name));
  if (names.length === 0) return [];
  const longestFirst = [...new Set(names)].sort((a, b) => b.length - a.length);
  const any = longestFirst.map((name) => name.replace(/[^\w-]/g, '\\$&')).join('|');
  return [[new RegExp(`(?<![\\w.])(?:${any})(?![\\w-])`, 'g'), '<host>']];
}

/** The folded text, and where in it a position of the text is now: of what is folded itself, the begin. */
function foldAt(line: string, anchor: number, hosts: readonly Fold[]): { text: string; position: number } {
  let text = line;
  let position = anchor;
  for (const [pattern, instead] of [...KEEPS, ...FOLDS.before, ...hosts, ...FOLDS.after]) {
    let folded = '';
    let moved = position;
    let end = 0;
    for (const match of text.matchAll(pattern)) {
      const [found, group = ''] = match;
      const to = typeof instead === 'string' ? instead.replaceAll('$1', () => group) : instead(found);
      folded += text.slice(end, match.index) + to;
      end = match.index + found.length;
      if (end <= position) moved += to.length - found.length;
      // Within what stays as long as it was a position stays where it was.
      else if (match.index < position && to.length !== found.length) moved -= position - match.index;
    }
    if (end === 0) continue;
    text = folded + text.slice(end);
    position = moved;
  }
  return { text, position };
}

/**
 * 16 hexadecimal digits of stage, rule, log file, folded message, and of a crash the calls that led there.
 * @param folded where it is not the message that says it: what `foldAround` makes of a line
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
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
