import type { OutputFiles } from './plan.ts';

/** Outputs of every stage that names none: core dumps and the findings in the logs. */
const ALWAYS = ['core*', 'validation_report.txt'];

/** The JDL's own outputs (without `@disk=2`) and those of every stage, without duplicates. */
export function ownOutputs(outputs: readonly string[]): string[] {
  return [...new Set([...outputs, ...ALWAYS])];
}

/** `@disk=2` is the number of copies on the Grid. It has no meaning here. */
export function withoutDisk(output: string): string {
  return output.split('@', 1)[0] as string;
}

/**
 * Reads AliEn outputs, `archive.zip:pattern,pattern@disk=2` or `pattern@disk=1`.
 * @returns the outputs, without duplicates
 * @param dontArchive return each pattern by itself, without an archive
 */
export function parseOutputs(outputs: readonly string[], dontArchive: boolean): OutputFiles[] {
  const entries = outputs.flatMap((output): OutputFiles[] => {
    const text = withoutDisk(output);
    const colon = text.indexOf(':');
    const patterns = text
      .slice(colon + 1)
      .split(',')
      .map((pattern) => pattern.trim())
      .filter((pattern) => pattern !== '');
    if (colon >= 0 && !dontArchive) return [{ archive: text.slice(0, colon).trim(), patterns }];
    return patterns.map((pattern) => ({ patterns: [pattern] }));
  });
  const seen = new Set<string>();
  return entries.filter(({ archive, patterns }) => {
    const text = JSON.stringify([archive, patterns]);
    return !seen.has(text) && seen.add(text);
  });
}
