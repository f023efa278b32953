import type { Limits } from './model.ts';
import type { Measurement } from './result.ts';
import type { Rule } from './rules/match.ts';

/** What is asked about files. */
export interface Question {
  /** Those about the file. */
  rules: readonly Rule[];
  /** Only objects whose names are of this pattern. */
  match?: string;
  /** Only objects of these names. */
  only?: readonly string[];
  /** Whether objects come with pictures, as long as these have no more than so many letters together. */
  pictures?: number;
  limits: Limits;
}

/** What the reading process gets, as JSON on its standard input. */
export interface Request extends Question {
  file: string;
  references: string[];
}

/**
 * What it answers, a line of JSON each: files that cannot be read (0 is the new one, references from 1); which record it
 * is going to read, where that is a large one; what it measured; and at last that it is done.
 */
export type Line =
  | { unreadable: number; reason: string }
  | { reading: string }
  | { measured: Measurement }
  | { done: true };
