import type { Picture } from './show/picture.ts';
import type { State } from './show/states.ts';

/**
 * What a test is about.
 * - `shape`: χ² of the shapes; of a profile's entries it is `entries`
 * - `cumulated`: the Kolmogorov-Smirnov distance of the shapes
 * - `bin`: the one bin that differs most
 * - `underflow`, `overflow`, `outside`: the share of entries there
 * - `means`: the means of a profile; `efficiency`; `values`: those of a graph
 * - `normalisation`: the number of entries for each event
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
  /** How likely chance makes as much, or more. */
  p: number;
  /** How large the difference is: about as a shift by so many standard deviations of the distribution. */
  size: number;
  /** χ²/ndf among the references, where it was learnt and is above 1: their differences are larger than those of counts. */
  spread?: number;
}

/** Numbers that people know a distribution by, reference first. */
export interface Facts {
  mean?: [number, number];
  width?: [number, number];
  /** Of the x axis, from its title. */
  unit?: string;
  /** Where the largest difference is: `x = 1.2`, `'label'`; and what is there, on the scale of the new one. */
  worst?: { where: string; values: [number, number] };
  /** Something that must be known to understand the rest. */
  note?: string;
}

/** Sum of contents, those outside of the axes included, and to how many entries without weights that comes. */
export interface Total {
  sum: number;
  effective: number;
}

/** What was measured of one object, before anything is judged. */
export interface Measurement {
  path: readonly string[];
  title: string;
  /** Absent where the object is not there. */
  className?: string;
  referenceClass?: string;
  /** What needs no test. */
  found?: { state: State; reason: string };
  tests: TestResult[];
  facts: Facts;
  /** Of histograms: of this one and, by the order of the references, of each; null where it has none. */
  totals?: { own: Total; references: (Total | null)[] };
  /** Where it was asked for: of it and of the first reference that has it. */
  picture?: Picture;
}
