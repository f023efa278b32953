import type { Numbers } from '../model.ts';

/** Shorter lists are faster to read value by value. */
const LONG = 1000;
/** The number of words of 32 bits that are looked at together. */
const BLOCK = 8;

const known = new WeakMap<Numbers, Int32Array>();

/**
 * The indexes of the values that are not zero, in their order. Most cells of large histograms are empty, so reading only these
 * is several times as fast as reading all. A list must not change after the first call. (-0 is in the result too.)
 * @returns undefined for a short list, or a list without a fixed type: read it value by value
 */
export function filledOf(numbers: Numbers): Int32Array | undefined {
  if (numbers.length < LONG) return undefined;
  const width = numbers instanceof Float64Array ? 2 : numbers instanceof Float32Array ? 1 : undefined;
  if (width === undefined) return undefined;
  const found = known.get(numbers) ?? find(numbers as Float64Array | Float32Array, width);
  known.set(numbers, found);
  return found;
}

/** Notes the filled values of a new list, where its maker knows them. @returns the list */
export function withFilled<T extends Numbers>(numbers: T, filled: Int32Array): T {
  known.set(numbers, filled);
  return numbers;
}

/** @param width words for each value */
function find({ buffer, byteOffset, length }: Float64Array | Float32Array, width: 1 | 2): Int32Array {
  const words = new Int32Array(buffer, byteOffset, length * width);
  let out: Int32Array = new Int32Array(LONG);
  let count = 0;
  for (let from = 0; from < words.length; from += BLOCK) {
    if (from + BLOCK <= words.length && isZero(words, from)) continue;
    if (count + BLOCK > out.length) out = grown(out);
    const to = Math.min(from + BLOCK, words.length);
    for (let at = from; at < to; at += width) {
      if (words[at] !== 0 || words[at + width - 1] !== 0) out[count++] = width === 1 ? at : at >> 1;
    }
  }
  return out.slice(0, count);
}

function isZero(words: Int32Array, at: number): boolean {
  return (
    ((words[at] as number) |
      (words[at + 1] as number) |
      (words[at + 2] as number) |
      (words[at + 3] as number) |
      (words[at + 4] as number) |
      (words[at + 5] as number) |
      (words[at + 6] as number) |
      (words[at + 7] as number)) ===
    0
  );
}

function grown(list: Int32Array): Int32Array {
  const out = new Int32Array(2 * list.length);
  out.set(list);
  return out;
}
