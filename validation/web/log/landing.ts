import type { Finding } from '../../report/model.ts';
import { streamOf } from './streams.ts';

/** The place in the logs of a step at which the page opens. */
export interface Landing {
  attempt: number;
  stream: string;
  /** Absent: the end of the log. */
  line?: number;
}

/**
 * The place at which a step opens if its address names no log: the worst finding. Errors come before warnings, new findings
 * before known ones, and findings with a line before findings about the step as a whole (their last lines are at the end of a
 * log). Undefined if no log has a finding.
 * @param attempt only findings of this attempt; absent: findings of the latest attempt that has some
 */
export function landingOf(findings: readonly Finding[], attempt?: number): Landing | undefined {
  const inLogs = findings.filter(({ file, lastLines, severity }) => severity !== 'info' && (file ?? lastLines?.file));
  const wanted = attempt ?? Math.max(...inLogs.map((one) => one.attempt));
  const [best] = inLogs.filter((one) => one.attempt === wanted).toSorted((a, b) => rankOf(a) - rankOf(b));
  const file = best?.file ?? best?.lastLines?.file;
  if (!best || file === undefined) return undefined;
  return { attempt: best.attempt, stream: streamOf(file), ...(best.file && best.line && { line: best.line }) };
}

function rankOf({ severity, age, file, line }: Finding): number {
  return (severity === 'error' ? 0 : 4) + (age === 'known' ? 2 : 0) + (file && line ? 0 : 1);
}
