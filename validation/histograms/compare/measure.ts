import type { FoundObject, Quantity } from '../model.ts';
import type { Measurement, TestName, TestResult, Total } from '../result.ts';
import type { State } from '../show/states.ts';
import { type Common, commonAxes, onCommonAxes } from './common.ts';
import { measureCounts, totalOf } from './counts.ts';
import { measureEfficiency } from './efficiencies.ts';
import { type AnyCells, isEmpty, notFinite, sameNumbers } from './numbers.ts';
import { comparePoints } from './points.ts';
import { measureProfile } from './profile.ts';

/** Settings of rules for the comparison of an object. */
export interface Settings {
  /** Part of the x axis. */
  range?: readonly [number, number];
  /** Only these tests are made. */
  tests?: readonly TestName[];
  /** For a histogram that counts events: the bin that counts them, by its label or number. */
  counterBin?: string | number;
}

/** With this number of expected entries, a histogram is empty by chance in one of a thousand cases. */
const FEW = Math.log(1000);

type Measured = Pick<Measurement, 'found' | 'tests' | 'facts'>;
interface Usable {
  object: FoundObject;
  quantity: Quantity;
}

/**
 * Compares one object with the objects of the same path in the references. It does not judge yet.
 * @param own undefined: the new file does not have it
 * @param all in the order of the references; undefined: that reference does not have it
 */
export function measure(
  path: readonly string[],
  own: FoundObject | undefined,
  all: readonly (FoundObject | undefined)[],
  settings: Settings = {},
): Measurement {
  const references = all.filter((one) => one !== undefined);
  const [first] = references;
  const head = {
    path,
    title: (own ?? first)?.title ?? '',
    ...(own && { className: own.className }),
    ...(first && { referenceClass: first.className }),
  };
  const { tests, facts, found: known } = compare(own, references, settings);
  const wanted = tests.filter(({ test }) => settings.tests?.includes(test) ?? true);
  const answered = wanted.filter(isNumber);
  const none =
    wanted.length > 0 && answered.length === 0 ? found('not testable', 'its tests give no number') : undefined;
  const { counterBin } = settings;
  const totals = { own: totalIn(own, counterBin), references: all.map((one) => totalIn(one, counterBin)) };
  return {
    ...head,
    ...((known ?? none?.found) && { found: known ?? none?.found }),
    tests: answered,
    facts,
    ...(totals.own && { totals: { ...totals, own: totals.own } }),
  } as Measurement;
}

function isNumber({ statistic, p, size }: TestResult): boolean {
  return Number.isFinite(statistic) && Number.isFinite(p) && Number.isFinite(size);
}

function totalIn(object: FoundObject | undefined, bin: string | number | undefined): Total | null {
  if (!object || !('quantity' in object.what) || object.what.quantity.kind !== 'counts') return null;
  return totalOf(object.what.quantity, bin);
}

function compare(own: FoundObject | undefined, references: readonly FoundObject[], settings: Settings): Measured {
  const [first] = references;
  if (!own) return found('only in the reference', 'it is missing here');
  if (!first) return found('only here', 'the reference does not have it');
  if ('unreadable' in own.what) return found('not readable', own.what.unreadable);
  const usable = references.flatMap((object): Usable[] =>
    'quantity' in object.what ? [{ object, quantity: object.what.quantity }] : [],
  );
  if (usable.length === 0 && 'unreadable' in first.what) {
    return found('not readable', `in the reference: ${first.what.unreadable}`);
  }
  if ('untestable' in own.what) return found('not testable', own.what.untestable);
  if (usable.length === 0 && 'untestable' in first.what) {
    return found('not testable', `in the reference: ${first.what.untestable}`);
  }
  return quantities(own, own.what.quantity, usable, settings);
}

function quantities(own: FoundObject, quantity: Quantity, all: readonly Usable[], settings: Settings): Measured {
  const same = all.filter((one) => one.quantity.kind === quantity.kind);
  if (same.length === 0) return found('other class', `${all[0]?.object.className} became ${own.className}`);
  const bad = notFinite(quantity);
  if (bad > 0) return found('not testable', `${bad} of its cells are not a number or infinite`);
  const usable = same.filter((one) => notFinite(one.quantity) === 0);
  if (usable.length === 0) return found('not testable', 'cells of the reference are not a number or infinite');
  if (quantity.kind === 'points') {
    const graphs = usable.flatMap((one) => (one.quantity.kind === 'points' ? [one.quantity] : []));
    if (graphs.some((graph) => sameNumbers(quantity, graph))) return identical(quantity);
    return comparePoints(quantity, graphs[0] as (typeof graphs)[number]);
  }
  const cells = usable.map((one) => one.quantity).filter((one): one is AnyCells => one.kind === quantity.kind);
  const common = commonAxes(quantity, cells);
  if ('differs' in common) return found('rebinned', common.differs);
  if (!common.note && common.references.some((one) => sameNumbers(quantity, one))) return identical(quantity);
  return onAxes(onCommonAxes(quantity, common), settings);
}

function onAxes({ own, references, note }: Common, settings: Settings): Measured {
  if (isEmpty(own) && references.every(isEmpty)) return found('identical', 'both are empty');
  const filled = references.filter((one) => !isEmpty(one));
  const [first] = filled;
  if (isEmpty(own)) return emptyInOne('it is empty; the reference has', first);
  if (!first) return emptyInOne('the reference is empty; here are', own);
  const measured =
    own.kind === 'counts'
      ? measureCounts(
          own,
          filled.filter((one) => one.kind === 'counts'),
          settings.range,
        )
      : own.kind === 'profile'
        ? measureProfile(
            own,
            filled.filter((one) => one.kind === 'profile'),
            settings.range,
          )
        : measureEfficiency(
            own,
            filled.filter((one) => one.kind === 'efficiency'),
            settings.range,
          );
  return note ? { ...measured, facts: { ...measured.facts, note } } : measured;
}

/** Decides by the number of entries of the other histogram whether one is empty by chance. */
function emptyInOne(text: string, filled: AnyCells | undefined): Measured {
  const sentence = `${text} ${entries(filled)} entries`;
  const { effective = Number.POSITIVE_INFINITY } = filled?.kind === 'counts' ? (totalOf(filled) ?? {}) : {};
  return effective < FEW ? found('not testable', `${sentence}: too few to tell`) : found('empty in one', sentence);
}

function identical(quantity: Quantity): Measured {
  const empty = quantity.kind !== 'points' && isEmpty(quantity);
  return found('identical', empty ? 'both are empty' : 'all its numbers are the same');
}

function entries(cells: AnyCells | undefined): string {
  return String(cells?.kind === 'efficiency' ? cells.total.entries : (cells?.entries ?? 0));
}

export function found(state: State, reason: string): Measured {
  return { found: { state, reason }, tests: [], facts: {} };
}
