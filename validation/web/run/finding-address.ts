import type { FindingPlace } from '../../report/finding-html.ts';
import { streamOf } from '../log/streams.ts';
import { stepPath } from '../routes.ts';

/** Address of a finding: its line in its log. For a finding about the step as a whole: the attempt. */
export function addressOf(run: string, { step, attempt, file, line }: FindingPlace): string {
  return stepPath(run, step, file ? { stream: streamOf(file), attempt, ...(line && { line }) } : { attempt });
}
