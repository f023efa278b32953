import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Finding } from '../report/model.ts';

/** What differs between two runs of the same trouble, and what stands for it. In this order: times hold numbers. */
const FOLDS: readonly [RegExp, string][] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d( [A-Z]{3,4})? \d{4}/g, '<time>'],
  [/\b\d\d:\d\d:\d\d([.,]\d+)?\b/g, '<time>'],
  [/\b[a-z]+:\/\/[^\s'"<>]*\/([^\s'"<>/]+)/g, '<path>/$1'],
  // Of an absolute path the last name says which file it is about; the directories are the host's and the run's.
  [/(?<![\w.~/>-])\/(?:[^\s'"<>/:]+\/)+([^\s'"<>/:]+)/g, '<path>/$1'],
  [/\b0x[0-9a-fA-F]+\b/g, '<n>'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/g, '<n>'],
  // A few digits at the end of a word are part of a name (int32, v2); more are a counter (sim0003).
  [/(?<![A-Za-z_\d])\d+(\.\d+)?([eE][+-]?\d+)?|\d{3,}/g, '<n>'],
  [/\s+/g, ' '],
];

/** A message without what changes from run to run: times, directories, addresses and numbers. */
export function fold(message: string): string {
  return FOLDS.reduce((text, [pattern, instead]) => text.replace(pattern, instead), message).trim();
}

/** 16 hexadecimal digits of stage, rule, log file, folded message, and of a crash the calls that led there. */
export function fingerprint(finding: Pick<Finding, 'stage' | 'rule' | 'file' | 'message' | 'trace'>): string {
  const parts = [
    finding.stage,
    finding.rule,
    finding.file ? basename(finding.file) : '',
    fold(finding.message),
    ...(finding.trace ?? []),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}
