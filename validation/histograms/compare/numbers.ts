import type { Counts, Efficiency, Numbers, Profile, Quantity } from '../model.ts';
import { sum } from './chi2.ts';
import { filledOf } from './filled.ts';

/** Quantities in cells on axes. */
export type AnyCells = Counts | Profile | Efficiency;

/** All lists of numbers of a quantity. */
export function listsOf(quantity: Quantity): Numbers[] {
  if (quantity.kind === 'points') return [...quantity.at, quantity.value, quantity.error2];
  if (quantity.kind === 'efficiency') return [...listsOf(quantity.passed), ...listsOf(quantity.total)];
  const lists =
    quantity.kind === 'counts'
      ? [quantity.content, quantity.sumw2]
      : [quantity.sumW, quantity.sumWY, quantity.sumWY2, quantity.sumW2];
  return lists.filter((list) => list !== undefined);
}

/** Whether all numbers are equal, to the last bit. NaN is not equal to anything. */
export function sameNumbers(a: Quantity, b: Quantity): boolean {
  const [one, two] = [listsOf(a), listsOf(b)];
  if (a.kind !== b.kind || one.length !== two.length) return false;
  if (a.kind === 'counts' && b.kind === 'counts' && a.weight !== b.weight) return false;
  return one.every((list, index) => sameList(list, two[index] as Numbers));
}

function sameList(a: Numbers, b: Numbers): boolean {
  if (a.length !== b.length) return false;
  if (haveSameBytes(a, b) && Number.isFinite(sum(a))) return true;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function haveSameBytes(a: Numbers, b: Numbers): boolean {
  if (a === b) return true;
  if (!(ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) || a.constructor !== b.constructor) return false;
  return bytesOf(a).equals(bytesOf(b));
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** The number of values that are NaN or infinite. */
export function notFinite(quantity: Quantity): number {
  let count = 0;
  for (const list of listsOf(quantity)) {
    // Integers are always finite. A sum is fast, and it is not finite if one of its terms is not.
    if (!(list instanceof Float32Array || list instanceof Float64Array)) continue;
    if (Number.isFinite(sum(list))) continue;
    for (let i = 0; i < list.length; i++) if (!Number.isFinite(list[i])) count++;
  }
  return count;
}

/** Whether all cells are empty, flow cells included. */
export function isEmpty(cells: AnyCells): boolean {
  const list = cells.kind === 'counts' ? cells.content : cells.kind === 'profile' ? cells.sumW : cells.total.content;
  const filled = filledOf(list);
  const length = filled?.length ?? list.length;
  for (let i = 0; i < length; i++) if (list[filled?.[i] ?? i] !== 0) return false;
  return true;
}
