import type { Counts, Efficiency, Numbers, Profile, Quantity } from '../model.ts';
import { sum } from './chi2.ts';

/** What stands in cells on axes. */
export type AnyCells = Counts | Profile | Efficiency;

/** All lists of numbers that a quantity consists of. */
export function listsOf(quantity: Quantity): Numbers[] {
  if (quantity.kind === 'points') return [...quantity.at, quantity.value, quantity.error2];
  if (quantity.kind === 'efficiency') return [...listsOf(quantity.passed), ...listsOf(quantity.total)];
  const lists =
    quantity.kind === 'counts'
      ? [quantity.content, quantity.sumw2]
      : [quantity.sumW, quantity.sumWY, quantity.sumWY2, quantity.sumW2];
  return lists.filter((list) => list !== undefined);
}

/** Whether all numbers are the same, to the last bit; what is not a number is not the same as anything. */
export function sameNumbers(a: Quantity, b: Quantity): boolean {
  const [one, two] = [listsOf(a), listsOf(b)];
  if (a.kind !== b.kind || one.length !== two.length) return false;
  if (a.kind === 'counts' && b.kind === 'counts' && a.weight !== b.weight) return false;
  return one.every((list, index) => sameList(list, two[index] as Numbers));
}

function sameList(a: Numbers, b: Numbers): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** How many numbers are none, or infinite. */
export function notFinite(quantity: Quantity): number {
  let count = 0;
  for (const list of listsOf(quantity)) {
    // Of integers all are finite; a sum is not finite if one of its terms is not, and adds up fast.
    if (!(list instanceof Float32Array || list instanceof Float64Array)) continue;
    if (Number.isFinite(sum(list))) continue;
    for (let i = 0; i < list.length; i++) if (!Number.isFinite(list[i])) count++;
  }
  return count;
}

/** Whether nothing is in any cell, those outside of the axes included. */
export function isEmpty(cells: AnyCells): boolean {
  const list = cells.kind === 'counts' ? cells.content : cells.kind === 'profile' ? cells.sumW : cells.total.content;
  for (let i = 0; i < list.length; i++) if (list[i] !== 0) return false;
  return true;
}
