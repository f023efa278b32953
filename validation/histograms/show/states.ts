/**
 * The states of an object after the comparison, the worst first.
 * - `changed`: it differs significantly, and the difference is large enough to matter
 * - `not readable`: it cannot be read in one of the files
 * - `other class`, `rebinned`: its class or its axes changed
 * - `empty in one`, `only in the reference`: its entries, or the object itself, are missing on one side
 * - `suspicious`: it differs less significantly, or by less, than a changed object
 * - `only here`: the reference does not have it
 * - `not testable`: it cannot be tested; the reason says why
 * - `ignored`: a rule ignores it
 * - `compatible`: it does not differ; `identical`: all its numbers are equal
 */
export const STATES = [
  'changed',
  'not readable',
  'other class',
  'rebinned',
  'empty in one',
  'only in the reference',
  'suspicious',
  'only here',
  'not testable',
  'ignored',
  'compatible',
  'identical',
] as const;
export type State = (typeof STATES)[number];

/** The states that show that the release differs. */
export const DIFFERENT: ReadonlySet<State> = new Set(STATES.slice(0, STATES.indexOf('suspicious')));
