import type { Limits } from './model.ts';
import type { Measurement } from './result.ts';
import type { Rule } from './rules/match.ts';

/** The parameters of a comparison. */
export interface Question {
  /** The rules that apply to the file. */
  rules: readonly Rule[];
  /** Compares only objects whose names match this pattern. */
  match?: string;
  /** Compares only objects with these names. */
  only?: readonly string[];
  /** The largest number of characters of all pictures together; absent: no pictures. */
  pictures?: number;
  limits: Limits;
}

/** The input of the reading process, as JSON on its standard input. */
export interface Request extends Question {
  file: string;
  references: string[];
}

/**
 * The output of the reading process, one line of JSON each: a file that cannot be read (0 is the new file, references count
 * from 1); a large record that it starts to read; a measurement; and at the end, that it is done.
 */
export type Line =
  | { unreadable: number; reason: string }
  | { reading: string }
  | { measured: Measurement }
  | { done: true };
