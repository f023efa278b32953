/**
 * Fingerprints of version 1, which older releases of relval made. They do not distinguish exit statuses, objects of the
 * conditions database, and places of crashes that have no number before them. Each new finding has such a fingerprint too,
 * so that it is recognised in the report of an old run. This file can be removed when no such run is kept any more; errors
 * that only such runs have are then new once.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Finding } from '../report/model.ts';
import { callsBehind, VERSION_1_FRAMES } from './trace.ts';

/** A pattern and its replacement. `$1` is the first group; text that the group `kept` matches stays as it is. */
type Fold = readonly [pattern: RegExp, instead: string];

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';

/** Replacements for the parts of a message that differ between two runs. The order matters: a time contains numbers. */
const PLACES: readonly Fold[] = [
  [/\b\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  // Times as date, ls and syslog write them: `Sun Nov 22 22:31:00 CET 2026`, `Nov 22 22:31:00`.
  [new RegExp(`\\b(?:${DAY} )?${MONTH} +\\d{1,2} \\d\\d:\\d\\d:\\d\\d( [A-Z]{3,4})?( \\d{4})?\\b`, 'g'), '<time>'],
  // Times as mails and web servers write them: `Sun, 22 Nov 2026 22:31:00 +0100`, `22/Nov/2026:22:31:00 +0100`.
  [
    new RegExp(
      `\\b(?:${DAY}, )?\\d{1,2}([-/ ])${MONTH}\\1\\d{4}[: ]\\d\\d:\\d\\d:\\d\\d( [+-]\\d{4}| [A-Z]{3,4}\\b)?`,
      'g',
    ),
    '<time>',
  ],
  [/\b\d\d:\d\d:\d\d([.,]\d+)?\b/g, '<time>'],
  [/\[<time>\]/g, '<time>'],
  [/\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi, '<n>'],
  [/\b[a-z]+:\/\/[^\s'"<>]*\/([^\s'"<>/]+)/g, '<path>/$1'],
  // Only the last name of a path is kept: the directories belong to the host and the run.
  [/(?<![\w.~/>-])(?:\.{1,2})?\/(?:[^\s'"<>/:]+\/)*([^\s'"<>/:]+)/g, '<path>/$1'],
];
const FOLDS: readonly Fold[] = [
  // The last part of a host's name is a top-level domain, so log.tar.gz is not a host.
  [
    /(?<![\w./-])[a-z][\w-]*(?:\.[\w-]+)+\.(?:org|com|net|edu|gov|int|local|(?!gz|xz|so|sh|py|cc)[a-z]{2})\b/g,
    '<host>',
  ],
  [/\[(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4}\]/g, '<host>'],
  [/\btmp\.\w{6,}/g, '<n>'],
  // Temporary objects of gcc.
  [/(?<=<path>\/)cc\w{6}(?=\.[os]\b)/g, '<n>'],
  // Versions of objects in the conditions database, and inputs of ROOT's interpreter.
  [/_v\d+_s\d+\b/g, '_v<n>_s<n>'],
  [/\binput_line_\d+/g, 'input_line_<n>'],
  [/(?<![\w.])-?(?:nan|inf)\b(?:\([\w()]*\))?|\(nil\)/gi, '<n>'],
  [/\b0x[0-9a-fA-F]+\b/g, '<n>'],
  [/\b(?=[\da-f]*\d)[\da-f]{8,}\b/gi, '<n>'],
  // The unit also changes between runs: 512 MB and 1.7 GB, 90 s and 1m30s.
  [/(?<![\w.])\d+(?:\.\d+)? ?(?:[kKMGT]i?)?B\b/g, '<size>'],
  [/(?<![\w.])(?:\d+(?:\.\d+)?(?:h|min|m|s|ms|us|ns))+\b/g, '<n>'],
  [/\b((?:evt|event|job|chunk|track|thread|pid|tid)_?)\d+\b/gi, '$1<n>'],
  [
    new RegExp(
      [
        // Numbers that belong to the error: error numbers, signals and statuses, error codes of XRootD, versions of
        // libraries and symbols, and arguments of templates, because each argument makes another class.
        '(?<kept>(?<=\\b(?:errno|HTTP|signal|status|code)(?: is| was)? ?[:=#]? ?\\(?)\\d{1,4}\\b(?!\\.\\d)',
        '(?<=\\berror: )\\[3\\d{3}\\]',
        '(?<=\\.so)(?:\\.\\d+)+\\b',
        '\\b[A-Z]{3,}_\\d+(?:\\.\\d+)+\\b',
        '(?<=\\w)<(?:[\\w:* ]{1,60},){0,6} ?\\d{1,3}(?:, ?[\\w:* ]{1,60}){0,6}>)',
        // A few digits at the end of a word are part of a name (int32, v2). More digits are a counter (sim0003,
        // Run244918, ESDs_0017), except in error codes (GeomNav0003).
        '(?:(?<=[\\s=(,[])-)?(?<![A-Za-z_\\d])(?:\\d+(?:\\.\\d+)?|(?<!\\.)\\.\\d+)(?:[eE][+-]?\\d+)?',
        '\\d{3,}(?<=(?:\\b[a-z]\\w{0,60}|_\\d{3,20}))',
        '\\d{5,}',
      ].join('|'),
      'g',
    ),
    '<n>',
  ],
  [/\s+/g, ' '],
];

/** The number of characters of a message that are folded. Messages of relval are shorter. */
const LENGTH = 2000;
/** The number of bytes before and after a match that version 1 folded, and that it read. */
const FOLDED = 2000;
const MARGIN = 4096;
/** The number of folded characters before and after the start of a match that go into the fingerprint. */
const BEFORE = 200;
const AFTER = 300;

/**
 * The kind of the line around [start, end) as version 1 made it.
 * @param bytes as they are in the file
 * @param trace whether the calls behind the line are part of it
 */
export function version1Kind(
  bytes: Buffer,
  start: number,
  end: number,
  hosts: readonly string[],
  trace: boolean,
): { kind: string; trace: string[] } {
  const newline = bytes.indexOf(10, end);
  const to = Math.min(newline === -1 ? bytes.length : newline, end + MARGIN);
  const from = start === 0 ? 0 : Math.max(bytes.lastIndexOf(10, start - 1) + 1, start - MARGIN, 0);
  const before = bytes.toString('utf8', Math.max(from, start - FOLDED), start);
  const text = before + bytes.toString('utf8', start, Math.min(to, start + FOLDED)).replace(/\r$/, '');
  return {
    kind: foldAround(text, before.length, foldOfHosts(hosts)),
    trace: trace ? callsBehind(bytes, to, VERSION_1_FRAMES) : [],
  };
}

/** The fingerprint of version 1. @param folded absent: the folded message */
export function version1Fingerprint(
  { stage, rule, file, message }: Pick<Finding, 'stage' | 'rule' | 'file' | 'message'>,
  folded: string = foldAt(message.slice(0, LENGTH), 0).text.trim(),
  trace: readonly string[] = [],
): string {
  const parts = [stage, rule, file ? basename(file) : '', folded, ...trace];
  return createHash('sha256').update(JSON.stringify(parts)).digest().toString('hex', 0, 8);
}

function foldAround(line: string, anchor: number, hosts: readonly Fold[] = []): string {
  const { text, position } = foldAt(line, anchor, hosts);
  return text.slice(Math.max(0, position - BEFORE), position + AFTER).trim();
}

function foldOfHosts(hosts: readonly string[]): Fold[] {
  const names = hosts.flatMap((host) => [host, host.split('.')[0] ?? '']).filter((name) => /[\d.-]/.test(name));
  if (names.length === 0) return [];
  const longestFirst = [...new Set(names)].sort((a, b) => b.length - a.length);
  const any = longestFirst.map((name) => name.replace(/[^\w-]/g, '\\$&')).join('|');
  return [[new RegExp(`(?<![\\w.])(?:${any})(?![\\w-])`, 'g'), '<host>']];
}

function foldAt(line: string, anchor: number, hosts: readonly Fold[] = []): { text: string; position: number } {
  let text = line;
  let position = anchor;
  for (const [pattern, instead] of [...PLACES, ...hosts, ...FOLDS]) {
    // Most patterns match nowhere, and to iterate over matches is expensive.
    if (text.search(pattern) === -1) continue;
    let folded = '';
    let moved = position;
    let end = 0;
    for (const match of text.matchAll(pattern)) {
      const [found, group = ''] = match;
      const to = match.groups?.kept ?? instead.replace('$1', () => group);
      folded += text.slice(end, match.index) + to;
      end = match.index + found.length;
      if (end <= position) moved += to.length - found.length;
      else if (match.index < position) moved -= position - match.index;
    }
    text = folded + text.slice(end);
    position = moved;
  }
  return { text, position };
}
