/**
 * What came out for one object, the worst first.
 * - `changed`: differs, by more than chance and by enough to matter
 * - `not readable`: in one of the files
 * - `other class`, `rebinned`: not the same kind of thing, or not on the same axes
 * - `empty in one`, `only in the reference`: entries, or the object, are missing on one side
 * - `suspicious`: unlikely by chance, but not as clearly or as large as a change
 * - `only here`: new
 * - `not testable`: nothing can be said, and why
 * - `ignored`: by a rule
 * - `compatible`, `identical`
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

/** States that say that the release differs. */
export const DIFFERENT: ReadonlySet<State> = new Set(STATES.slice(0, STATES.indexOf('suspicious')));
