import { fold, foldOfHosts, outline } from '../checks/fingerprint.ts';

/** The number of outlines whose keys are cached: most lines of a log have one of a few forms. */
const KEPT = 50_000;

/**
 * The parts of a line that change most: a time at the beginning, long addresses and decimals. A key never contains them. Lines
 * that differ only in these parts have one outline, so their key is computed once.
 */
function withoutTimes(text: string): string {
  return text
    .replace(/^(?<before>\W?)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?Z?(?=\W)/, '$<before>2000-01-01T00:00:00Z')
    .replace(/\b0x[\da-f]{9,}\b/g, '0x123456789')
    .replace(/(?<![\w.])\d+\.\d+(?![\w.])/g, '0.5');
}

/** Gives each line its key. Lines with the same key count as equal. */
export type LineKey = (text: string) => string;

/** The key of a line is the line itself. */
export const exactKey: LineKey = (text) => text;

/**
 * The key leaves out what changes from run to run, as the fingerprint of a finding does: times, dates, addresses, process ids,
 * hosts, directories and other numbers.
 * @param hosts names of the hosts of both steps
 */
export function foldedKey(hosts: readonly string[]): LineKey {
  const folds = foldOfHosts(hosts);
  const known = new Map<string, string>();
  return (text) => {
    const shape = outline(withoutTimes(text));
    let key = known.get(shape);
    if (key === undefined) {
      if (known.size >= KEPT) known.clear();
      key = fold(text, folds);
      known.set(shape, key);
    }
    return key;
  };
}
