import { resolve } from 'node:path';
import { type JudgedObject, judge, THRESHOLDS, type Thresholds } from './compare/judge.ts';
import { LIMITS, type Limits } from './model.ts';
import { type Reading, readInProcess } from './reader.ts';
import { type Rule, rulesOf } from './rules/match.ts';
import type { State } from './show/states.ts';

export interface CompareOptions {
  rules?: readonly Rule[];
  /** The origin of the file, for the rules: its stage, and its path in the step's outputs. */
  stage?: string;
  name?: string;
  /** Compares only objects whose names match this pattern. */
  match?: string;
  /** Compares only objects with these names. */
  only?: readonly string[];
  /** The largest number of characters of all pictures together; absent: no pictures. */
  pictures?: number;
  limits?: Limits;
  thresholds?: Thresholds;
  /** The program of the reading process; default: the built one. */
  program?: string;
}

/** How a file compares with its references. */
export interface FileComparison {
  file: string;
  references: string[];
  /** `not readable`: the file as a whole could not be compared. */
  verdict: 'compatible' | 'different' | 'not readable';
  /** The sentence that explains the verdict. */
  reason: string;
  /** Files that cannot be read, and why; also why reading ended before all objects were compared. */
  problems: { file: string; reason: string }[];
  /** Why reading ended before all objects were compared: a limit of time or memory. `problems` contains it too. */
  ended?: string;
  counts: Record<State, number>;
  /** The number of histograms that were tested: the thresholds were divided by it. */
  tested: number;
  thresholds: Thresholds;
  /** The worst first. */
  objects: JudgedObject[];
}

/**
 * Compares the histograms of a ROOT file with those of one or more reference files. From three references on, it estimates
 * how much good files differ among each other.
 * @param now ms since 1970
 */
export async function compareFiles(
  file: string,
  references: readonly string[],
  now: number,
  options: CompareOptions = {},
): Promise<FileComparison> {
  const { rules = [], stage, name = file, match, only, limits = LIMITS, thresholds = THRESHOLDS, pictures } = options;
  const own = rulesOf(rules, { file: name, ...(stage !== undefined && { stage }) });
  const files = [file, ...references];
  const request = {
    file: resolve(file),
    references: references.map((path) => resolve(path)),
    rules: own,
    limits,
    ...(match !== undefined && { match }),
    ...(only && { only }),
    ...(pictures !== undefined && { pictures }),
  };
  const reading = await readInProcess(request, options.program);
  const { objects, counts, differs, reason, tests } = judge(reading.measurements, own, now, thresholds);
  const problems = problemsOf(reading, files);
  const broken =
    reading.ended !== undefined || reading.unreadable.has(0) || reading.unreadable.size >= references.length;
  return {
    file,
    references: [...references],
    verdict: broken && !differs ? 'not readable' : differs ? 'different' : 'compatible',
    reason: broken && !differs ? `${problems[0]?.file}: ${problems[0]?.reason}` : reason,
    problems,
    ...(reading.ended !== undefined && { ended: reading.ended }),
    counts,
    tested: tests,
    thresholds,
    objects,
  };
}

function problemsOf({ unreadable, ended }: Reading, files: readonly string[]): FileComparison['problems'] {
  const problems = [...unreadable].map(([index, reason]) => ({ file: files[index] as string, reason }));
  return ended === undefined ? problems : [...problems, { file: files[0] as string, reason: ended }];
}
