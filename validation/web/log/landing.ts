import type { Finding } from '../../report/model.ts';
import { streamOf } from './streams.ts';

/** The place in the logs of a step where its reader begins. */
export interface Landing {
  attempt: number;
  stream: string;
  /** Absent: the end of the log. */
  line?: number;
}

/**
 * Where a step opens when its address names no log: at its worst finding, in the log that has it. Errors come before
 * warnings, new findings before known ones, findings with a line before those about the step as a whole (whose last lines
 * stand at the end of a log). Undefined where nothing was found in a log.
 * @param attempt only findings of this attempt; absent: of the latest attempt that has some
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
