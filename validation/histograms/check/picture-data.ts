import type { JudgedObject } from '../compare/judge.ts';
import { type CompareOptions, compareFiles } from '../compare-files.ts';
import type { Drawing } from '../result.ts';
import type { Picture } from './details.ts';

/** More bins than a picture has pixels make only the report larger. */
const MOST_BINS = 400;

/**
 * The numbers of a picture of one object; undefined of what has not one axis of a few hundred bins. They are read for
 * single objects: those of all would take much memory and time.
 */
export async function pictureOf(
  { name, className }: Pick<JudgedObject, 'name' | 'className'>,
  file: string,
  references: readonly string[],
  now: number,
  options: CompareOptions,
): Promise<Picture | undefined> {
  if (!/^TH1|^TProfile$/.test(className ?? '')) return undefined;
  const { objects } = await compareFiles(file, references.slice(0, 1), now, { ...options, match: name, draw: true });
  const found = objects.find((one) => one.name === name);
  const { own, references: [reference] = [] } = found?.drawings ?? {};
  return own && reference ? pictureData(own, reference, found?.facts.unit ?? '') : undefined;
}

/** As pictureOf, of what was read. Counts of the reference are scaled to the sum of the run's. */
export function pictureData(own: Drawing, reference: Drawing, unit: string): Picture | undefined {
  const [axis, ...more] = own.axes ?? [];
  if (!axis || more.length > 0 || axis.bins > MOST_BINS || own.kind !== reference.kind) return undefined;
  if (own.kind !== 'counts' && own.kind !== 'profile') return undefined;
  if (reference.content.length !== own.content.length || own.content.length !== axis.bins + 2) return undefined;
  const width = (axis.high - axis.low) / axis.bins;
  const edges = axis.edges ?? Array.from({ length: axis.bins + 1 }, (_, index) => axis.low + index * width);
  const inner = (values: readonly number[], factor: number) => values.slice(1, -1).map((value) => value * factor);
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const [a, b] = [sum(own.content), sum(reference.content)];
  const factor = own.kind === 'counts' && a > 0 && b > 0 ? a / b : 1;
  return {
    unit,
    edges,
    own: inner(own.content, 1),
    ownError: inner(own.error, 1),
    reference: inner(reference.content, factor),
    referenceError: inner(reference.error, factor),
  };
}
