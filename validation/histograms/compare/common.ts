import type { Axis, Counts, Efficiency, Numbers, Profile } from '../model.ts';
import { align, remap } from './axes.ts';
import type { AnyCells } from './numbers.ts';

/** A histogram and its references on the same axes. */
export interface Common {
  own: AnyCells;
  references: AnyCells[];
  note?: string;
}

/**
 * Finds the axes on which a histogram and its references can be compared. It drops references with other axes. If all have
 * other axes, it returns why.
 */
export function commonAxes(
  own: AnyCells,
  references: readonly AnyCells[],
): { axes: readonly Axis[]; references: AnyCells[]; note?: string } | { differs: string } {
  let axes = own.axes;
  let note: string | undefined;
  let differs = '';
  const fitting: AnyCells[] = [];
  for (const reference of references) {
    const alignment = align(axes, reference.axes);
    if ('differs' in alignment) {
      differs ||= alignment.differs;
      continue;
    }
    fitting.push(reference);
    if ('axes' in alignment) {
      axes = alignment.axes;
      note ??= alignment.note;
    }
  }
  return fitting.length === 0 ? { differs } : { axes, references: fitting, ...(note !== undefined && { note }) };
}

/** Moves a histogram and its references to the common axes. */
export function onCommonAxes(
  own: AnyCells,
  { axes, references, note }: { axes: readonly Axis[]; references: readonly AnyCells[]; note?: string },
): Common {
  if (note === undefined) return { own, references: [...references] };
  return { own: moved(own, axes), references: references.map((one) => moved(one, axes)), note };
}

function moved(cells: AnyCells, axes: readonly Axis[]): AnyCells {
  const alignment = align(axes, cells.axes);
  if (!('axes' in alignment)) return cells;
  const move = (numbers: Numbers): Numbers => remap(numbers, cells.axes, alignment.second, alignment.axes);
  if (cells.kind === 'counts') return movedCounts(cells, axes, move);
  if (cells.kind === 'profile') {
    const { sumW, sumWY, sumWY2, sumW2 } = cells;
    const profile: Profile = { ...cells, axes, sumW: move(sumW), sumWY: move(sumWY), sumWY2: move(sumWY2) };
    return sumW2 ? { ...profile, sumW2: move(sumW2) } : profile;
  }
  const efficiency: Efficiency = {
    ...cells,
    axes,
    passed: movedCounts(cells.passed, axes, move),
    total: movedCounts(cells.total, axes, move),
  };
  return efficiency;
}

function movedCounts(counts: Counts, axes: readonly Axis[], move: (numbers: Numbers) => Numbers): Counts {
  const { content, sumw2 } = counts;
  return { ...counts, axes, content: move(content), ...(sumw2 && { sumw2: move(sumw2) }) };
}
