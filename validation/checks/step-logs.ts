import { join } from 'node:path';
import type { Finding } from '../report/model.ts';
import { coversFile, coversStage } from '../workflow/scope.ts';
import { fingerprint } from './fingerprint.ts';
import { earlierFingerprint } from './fingerprint-1.ts';
import type { LogRule } from './rules.ts';
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
export async function scanStepLogs(
  logs: StepLogs,
  rules: readonly LogRule[],
  options: ScanOptions,
): Promise<Finding[]> {
  const { step, stage, attempt } = logs;
  const findings: Finding[] = [];
  const inStage = rules.filter((rule) => coversStage(rule, stage));
  for (const file of logs.files) {
    const inFile = inStage
      .filter((rule) => coversFile(rule, file))
      .map((rule) => ({
        ...rule,
        except: rule.except?.filter((one) => coversStage(one, stage) && coversFile(one, file)),
      }));
    try {
      for (const match of await scanLog(join(logs.directory, file), inFile, options)) {
        findings.push(toFinding(match, { step, stage, attempt, file }));
      }
    } catch (error) {
      const message = `cannot be read: ${(error as Error).message}`;
      const finding: Finding = { step, stage, attempt, severity: 'error', rule: 'no-log', file, message };
      findings.push({
        ...finding,
        fingerprint: fingerprint(finding),
        earlierFingerprint: earlierFingerprint(finding),
      });
    }
  }
  for (const { id, tolerate } of inStage) {
    const own = findings.filter((one) => one.rule === id && one.known === undefined);
    const lines = own.reduce((sum, finding) => sum + 1 + (finding.more ?? 0), 0);
    if (tolerate !== undefined && lines <= tolerate) for (const one of own) one.severity = 'info';
  }
  return findings;
}

function toFinding(match: LogMatch, where: Pick<Finding, 'step' | 'stage' | 'attempt' | 'file'>): Finding {
  const { rule, kind, earlier, ...rest } = match;
  const finding = { ...where, ...rest, rule: rule.id };
  return {
    ...finding,
    fingerprint: fingerprint(finding, kind),
    earlierFingerprint: earlierFingerprint(finding, earlier.kind, earlier.trace),
  };
}
