import type { OutputFiles } from './plan.ts';

/** Kept by every stage that does not say otherwise: core dumps and what was found in the logs. */
const ALWAYS = ['core*', 'validation_report.txt'];

/** The JDL's own outputs (without `@disk=2`) and what every stage keeps, each once. */
export function ownOutputs(outputs: readonly string[]): string[] {
  return [...new Set([...outputs, ...ALWAYS])];
}

/** `@disk=2` says how many copies the Grid keeps; it means nothing here. */
export function withoutDisk(output: string): string {
  return output.split('@', 1)[0] as string;
}

/**
 * AliEn outputs, `archive.zip:pattern,pattern@disk=2` or `pattern@disk=1`.
 * Each entry is there once.
 * @param dontArchive each pattern by itself, nothing zipped
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
