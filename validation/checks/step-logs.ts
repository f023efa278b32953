import { basename, join } from 'node:path';
import type { Finding } from '../report/model.ts';
import { fingerprint } from './fingerprint.ts';
import type { Rule } from './rules.ts';
import { type LogMatch, type ScanOptions, scanLog } from './scan.ts';

/** The logs that one attempt of a step left. */
export interface StepLogs {
  step: string;
  stage: string;
  attempt: number;
  /** Directory of the attempt, absolute. */
  directory: string;
  /** Its logs, relative to the directory. */
  files: readonly string[];
}

/**
 * Findings of the rules in the logs of one attempt, file by file. A log that cannot be read is a finding itself
 * (`no-log`), so that it is not taken for a clean one.
 */
export async function scanStepLogs(logs: StepLogs, rules: readonly Rule[], options: ScanOptions): Promise<Finding[]> {
  const { step, stage, attempt } = logs;
  const findings: { finding: Finding; rule?: Rule }[] = [];
  const inStage = rules.filter((rule) => rule.stages?.some((pattern) => globMatches(pattern, stage)) ?? true);
  for (const file of logs.files) {
    const inFile = inStage.filter((rule) => rule.files?.some((pattern) => isFor(pattern, file)) ?? true);
    try {
      for (const match of await scanLog(join(logs.directory, file), inFile, options)) {
        findings.push({ finding: toFinding(match, { step, stage, attempt, file }), rule: match.rule });
      }
    } catch (error) {
      const message = `cannot be read: ${(error as Error).message}`;
      findings.push({ finding: { step, stage, attempt, severity: 'error', rule: 'no-log', file, message } });
    }
  }
  for (const rule of inStage) {
    const own = findings.filter((one) => one.rule === rule && one.finding.known === undefined);
    const lines = own.reduce((sum, { finding }) => sum + 1 + (finding.more ?? 0), 0);
    if (rule.tolerate !== undefined && lines <= rule.tolerate) for (const one of own) one.finding.severity = 'info';
  }
  return findings.map(({ finding }) => ({ ...finding, fingerprint: fingerprint(finding) }));
}

function toFinding(match: LogMatch, where: Pick<Finding, 'step' | 'stage' | 'attempt' | 'file'>): Finding {
  const { rule, ...rest } = match;
  return { ...where, ...rest, rule: rule.id };
}

function isFor(pattern: string, file: string): boolean {
  return globMatches(pattern, file) || globMatches(pattern, basename(file));
}

/** Shell pattern with `*` (anything, also `/`) and `?` (one character). */
function globMatches(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
