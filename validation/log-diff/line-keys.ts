import { fold, foldOfHosts, outline } from '../checks/fingerprint.ts';

/** Outlines whose keys are kept: lines of few shapes make up most of a log. */
const KEPT = 50_000;

/**
 * What varies most from line to line, and is left out of a key whatever stands around it: times at the beginning, long
 * addresses and decimals. Lines that differ only in these need to be folded once.
 */
function withoutTimes(text: string): string {
  return text
    .replace(/^(?<before>\W?)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?Z?(?=\W)/, '$<before>2000-01-01T00:00:00Z')
    .replace(/\b0x[\da-f]{9,}\b/g, '0x123456789')
    .replace(/(?<![\w.])\d+\.\d+(?![\w.])/g, '0.5');
}

/** Says which lines count as equal: those with one key. */
export type LineKey = (text: string) => string;

/** Lines as they are. */
export const exactKey: LineKey = (text) => text;

/**
 * Lines without what changes from run to run: times, dates, addresses, process ids, hosts, directories and other numbers,
 * as for the fingerprints of findings.
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
