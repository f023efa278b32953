/** What makeflow says after each failed submission, before it waits for up to 60 s and tries again. */
const TRYING = /couldn't submit batch job, still trying/;

/**
 * Why the batch system takes no job, by what makeflow and condor_submit say on stderr. @param lines new ones
 * @returns a sentence; undefined: no submission has failed
 */
export function refusedSubmission(lines: readonly string[]): string | undefined {
  const end = lines.findLastIndex((line) => TRYING.test(line));
  if (end < 0) return undefined;
  const before = lines.slice(0, end);
  const said = before.slice(before.findLastIndex((line) => TRYING.test(line)) + 1);
  const why = said.slice(
    Math.max(
      0,
      said.findIndex((line) => line.startsWith('ERROR')),
    ),
  );
  const reason = why
    .map((line) => line.trim().replace(/^ERROR: /, ''))
    .filter((line) => line !== '')
    .join('; ');
  return `makeflow cannot submit a job, and tries again: ${reason || 'condor_submit does not say why'}`;
}
