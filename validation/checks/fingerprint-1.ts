/**
 * Fingerprints as releases before made them: exit statuses, objects of the conditions database and places of crashes that
 * have no number before them were not told apart. A new finding has such a fingerprint too, so that it is recognized in
 * the report of a run from before. It may go when no such run is kept any more; then what only such runs know is new once.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Finding } from '../report/model.ts';
import { callsBehind, OLD_FRAMES } from './trace.ts';

/** A pattern, and what stands for what it matches, where `$1` is its first group; what its group `kept` matches stays. */
type Fold = readonly [pattern: RegExp, instead: string];

const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';

/** What differs between two runs of the same trouble, and what stands for it. In this order: times hold numbers. */
const PLACES: readonly Fold[] = [
  [/\b\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  // As date, ls and syslog write it: `Sun Nov 22 22:31:00 CET 2026`, `Nov 22 22:31:00`.
  [new RegExp(`\\b(?:${DAY} )?${MONTH} +\\d{1,2} \\d\\d:\\d\\d:\\d\\d( [A-Z]{3,4})?( \\d{4})?\\b`, 'g'), '<time>'],
  // As mails, web servers and others do: `Sun, 22 Nov 2026 22:31:00 +0100`, `22/Nov/2026:22:31:00 +0100`.
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
  // Of an absolute path, and of one from here, the last name says which file it is about; the directories are the host's
  // and the run's.
  [/(?<![\w.~/>-])(?:\.{1,2})?\/(?:[^\s'"<>/:]+\/)*([^\s'"<>/:]+)/g, '<path>/$1'],
];
const FOLDS: readonly Fold[] = [
  // A host has a name of three parts, the last a top-level domain: log.tar.gz is none.
  [
    /(?<![\w./-])[a-z][\w-]*(?:\.[\w-]+)+\.(?:org|com|net|edu|gov|int|local|(?!gz|xz|so|sh|py|cc)[a-z]{2})\b/g,
    '<host>',
  ],
  [/\[(?:[\da-f]{0,4}:){2,7}[\da-f]{0,4}\]/g, '<host>'],
  [/\btmp\.\w{6,}/g, '<n>'],
  // Objects that gcc makes on its way.
  [/(?<=<path>\/)cc\w{6}(?=\.[os]\b)/g, '<n>'],
  // Versions of objects in the conditions database, and what ROOT's interpreter was told.
  [/_v\d+_s\d+\b/g, '_v<n>_s<n>'],
  [/\binput_line_\d+/g, 'input_line_<n>'],
  [/(?<![\w.])-?(?:nan|inf)\b(?:\([\w()]*\))?|\(nil\)/gi, '<n>'],
  [/\b0x[0-9a-fA-F]+\b/g, '<n>'],
  [/\b(?=[\da-f]*\d)[\da-f]{8,}\b/gi, '<n>'],
  // 512 MB in one run are 1.7 GB in another, 90 s are 1m30s.
  [/(?<![\w.])\d+(?:\.\d+)? ?(?:[kKMGT]i?)?B\b/g, '<size>'],
  [/(?<![\w.])(?:\d+(?:\.\d+)?(?:h|min|m|s|ms|us|ns))+\b/g, '<n>'],
  [/\b((?:evt|event|job|chunk|track|thread|pid|tid)_?)\d+\b/gi, '$1<n>'],
  [
    new RegExp(
      [
        // Numbers that say what is wrong: of errors, signals and statuses, XRootD's error codes, versions of libraries and
        // symbols, and of templates the arguments, of which each makes another class.
        '(?<kept>(?<=\\b(?:errno|HTTP|signal|status|code)(?: is| was)? ?[:=#]? ?\\(?)\\d{1,4}\\b(?!\\.\\d)',
        '(?<=\\berror: )\\[3\\d{3}\\]',
        '(?<=\\.so)(?:\\.\\d+)+\\b',
        '\\b[A-Z]{3,}_\\d+(?:\\.\\d+)+\\b',
        '(?<=\\w)<(?:[\\w:* ]{1,60},){0,6} ?\\d{1,3}(?:, ?[\\w:* ]{1,60}){0,6}>)',
        // A few digits at the end of a word are part of a name (int32, v2); more are a counter (sim0003, Run244918,
        // ESDs_0017), but for codes of errors (GeomNav0003).
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

/** Characters of a message that are looked at: sentences of our own are shorter. */
const LENGTH = 2000;
/** Bytes before and after what was found that were folded, and those of a line that were read. */
const FOLDED = 2000;
const MARGIN = 4096;
/** Characters that tell one trouble from another, before what was found and from there on; counted after folding. */
const BEFORE = 200;
const AFTER = 300;

/**
 * What told the line around [start, end) from others; bytes are those of the file.
 * @param trace whether the calls behind the line were part of it
 */
export function earlierKind(
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
    trace: trace ? callsBehind(bytes, to, OLD_FRAMES) : [],
  };
}

/** @param folded where it is not the message that says it */
export function earlierFingerprint(
  { stage, rule, file, message }: Pick<Finding, 'stage' | 'rule' | 'file' | 'message'>,
  folded: string = foldAt(message.slice(0, LENGTH), 0).text.trim(),
  trace: readonly string[] = [],
): string {
  const parts = [stage, rule, file ? basename(file) : '', folded, ...trace];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
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
