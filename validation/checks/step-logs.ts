import { join } from 'node:path';
import type { Finding } from '../report/model.ts';
import { coversFile, coversStage, type Scope } from '../workflow/scope.ts';
import { fingerprint } from './fingerprint.ts';
import { version1Fingerprint } from './fingerprint-1.ts';
import { scanLeftOut } from './left-out.ts';
import type { LogRule } from './rules.ts';
import { type LogMatch, type ScanOptions, SlowRule, scanLog } from './scan.ts';

/** The logs that one attempt of a step left. */
export interface StepLogs {
  step: string;
  stage: string;
  attempt: number;
  /** Directory of the attempt, absolute. */
  directory: string;
  /** Its logs, relative to the directory. */
  files: readonly string[];
  /** Directory of the lines that the worker found in the parts of logs that were not transferred. */
  leftOut?: string;
}

/**
 * Applies the rules to the logs of one attempt, file by file. A log that cannot be read is itself a finding (`no-log`), so
 * that it does not count as a clean log.
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
    for (let searched = rulesFor(rules, stage, file), isLeft = true; isLeft; ) {
      isLeft = false;
      try {
        const matches = await scanLog(join(logs.directory, file), searched, options);
        if (logs.leftOut) matches.push(...(await scanLeftOut(join(logs.leftOut, file), searched, options)));
        for (const match of matches) findings.push(toFinding(match, { step, stage, attempt, file }));
      } catch (error) {
        // A rule that takes too long on this log becomes a finding. The log is scanned again without it.
        const slow: string | undefined = error instanceof SlowRule ? error.rule : undefined;
        const message = `cannot be ${slow === undefined ? 'read' : 'judged'}: ${(error as Error).message}`;
        const finding: Finding = { step, stage, attempt, severity: 'error', rule: 'no-log', file, message };
        findings.push({
          ...finding,
          fingerprint: fingerprint(finding),
          earlierFingerprint: version1Fingerprint(finding),
        });
        searched = searched.filter(({ id }) => id !== slow);
        isLeft = slow !== undefined;
      }
    }
  }
  for (const { id, tolerate } of inStage) {
    const own = findings.filter((one) => one.rule === id && one.known === undefined);
    const lines = own.reduce((sum, finding) => sum + 1 + (finding.more ?? 0), 0);
    if (tolerate !== undefined && lines <= tolerate) for (const one of own) one.severity = 'info';
  }
  return findings;
}

interface Used {
  /** By stage and file, which rules and exceptions these are. */
  places: Map<string, string>;
  /** By these, the lists that were used last. Few, because what the search prepares for a list is large. */
  lists: Map<string, readonly LogRule[]>;
}
const used = new WeakMap<readonly LogRule[], Used>();
const MOST = { places: 256, lists: 8 };

/**
 * The rules for a file, with their exceptions for it. Files with the same rules and exceptions get the same list, because its
 * preparation takes longer than to search a short log. To find out which rules these are takes as long, so the files of steps
 * of one stage, which have the same names, get the same answer.
 */
function rulesFor(rules: readonly LogRule[], stage: string, file: string): readonly LogRule[] {
  const { places, lists } = used.get(rules) ?? { places: new Map(), lists: new Map() };
  used.set(rules, { places, lists });
  const covers = (scope: Scope) => coversStage(scope, stage) && coversFile(scope, file);
  const which = recent(places, JSON.stringify([stage, file]), MOST.places, () =>
    rules.map((rule) => (covers(rule) ? `+${(rule.except ?? []).map((one) => Number(covers(one)))}` : '-')).join(),
  );
  return recent(lists, which, MOST.lists, () =>
    rules.filter(covers).map((rule) => ({ ...rule, except: rule.except?.filter(covers) })),
  );
}

/** The value of a key, made if it is not there. Keeps those that were used last. */
function recent<Value>(values: Map<string, Value>, key: string, most: number, make: () => Value): Value {
  const value = values.get(key) ?? make();
  values.delete(key);
  values.set(key, value);
  for (const oldest of values.keys()) {
    if (values.size <= most) break;
    values.delete(oldest);
  }
  return value;
}

function toFinding(match: LogMatch, where: Pick<Finding, 'step' | 'stage' | 'attempt' | 'file'>): Finding {
  const { rule, kind, version1, ...rest } = match;
  const finding = { ...where, ...rest, rule: rule.id };
  return {
    ...finding,
    fingerprint: fingerprint(finding, kind),
    earlierFingerprint: version1Fingerprint(finding, version1.kind, version1.trace),
  };
}
