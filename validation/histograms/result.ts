import type { Picture } from './show/picture.ts';
import type { State } from './show/states.ts';

/**
 * The kinds of tests.
 * - `shape`: χ² of the shapes; for the entries of a profile it is called `entries`
 * - `cumulated`: the Kolmogorov-Smirnov distance of the shapes
 * - `bin`: the bin that differs most
 * - `underflow`, `overflow`, `outside`: the share of entries there
 * - `means`: the means of a profile; `efficiency`; `values`: the values of a graph
 * - `normalisation`: the number of entries per event
 */
export type TestName =
  | 'shape'
  | 'entries'
  | 'cumulated'
  | 'bin'
  | 'underflow'
  | 'overflow'
  | 'outside'
  | 'means'
  | 'efficiency'
  | 'values'
  | 'normalisation';

/** The names that rules can choose from. */
export const TEST_NAMES = [
  'shape',
  'entries',
  'cumulated',
  'bin',
  'underflow',
  'overflow',
  'outside',
  'means',
  'efficiency',
  'values',
  'normalisation',
] as const satisfies readonly TestName[];

export interface TestResult {
  test: TestName;
  /** χ², or a distance in standard deviations. */
  statistic: number;
  /** Degrees of freedom of a χ². */
  ndf?: number;
  /** The probability that chance makes a difference of this size or more. */
  p: number;
  /** The size of the difference: comparable to a shift by this number of standard deviations of the distribution. */
  size: number;
  /** χ²/ndf among the references, if it was estimated and is above 1: they differ more than Poisson counts. */
  spread?: number;
}

/** Numbers that describe a distribution for people, the reference first. */
export interface Facts {
  mean?: [number, number];
  width?: [number, number];
  /** The unit of the x axis, from its title. */
  unit?: string;
  /** The place of the largest difference: `x = 1.2`, `'label'`; and the two contents there, on the scale of the new one. */
  worst?: { where: string; values: [number, number] };
  /** A note that is needed to understand the rest. */
  note?: string;
}

/** The sum of the contents with under- and overflow, and the number of effective entries. */
export interface Total {
  sum: number;
  effective: number;
}

/** The measurements of one object, before it is judged. */
export interface Measurement {
  path: readonly string[];
  title: string;
  /** Absent if the new file does not have the object. */
  className?: string;
  referenceClass?: string;
  /** A state that needs no test. */
  found?: { state: State; reason: string };
  tests: TestResult[];
  facts: Facts;
  /** For histograms: the total of the new one, and of each reference in their order; null if it has none. */
  totals?: { own: Total; references: (Total | null)[] };
  /** If requested: a picture of it and of the first reference that has it. */
  picture?: Picture;
}
