import type { Finding, Report, StepReport } from '../report/model.ts';
import { coversStage } from '../workflow/scope.ts';
import type { Rules } from './rules.ts';
import { describeException } from './scope.ts';

/**
 * Exceptions that excused nothing although steps of their stages ended: their error is gone, or they have a mistake.
 */
export function unneededExceptions(
  { logs, steps: ofSteps }: Rules,
  findings: readonly Pick<Finding, 'rule' | 'known' | 'expired'>[],
  steps: readonly Pick<StepReport, 'stage' | 'state'>[],
): NonNullable<Report['unneeded']> {
  const used = new Set(findings.flatMap(({ rule, known, expired }) => [`${rule} ${known}`, `${rule} ${expired}`]));
  const stages = new Set(
    steps.filter(({ state }) => state === 'succeeded' || state === 'failed').map(({ stage }) => stage),
  );
  return [...logs, ...ofSteps].flatMap((rule) =>
    (rule.except ?? [])
      .filter((one) => [...stages].some((stage) => coversStage(rule, stage) && coversStage(one, stage)))
      .map((one) => ({ rule: rule.id, exception: describeException(one) }))
      .filter(({ exception }) => !used.has(`${rule.id} ${exception}`)),
  );
}
