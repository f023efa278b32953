import { resolve } from 'node:path';
import { baseName } from '../files/places.ts';
import { bounded, TooSlow } from '../input/bounded.ts';
import { type Position, readText } from '../input/input-error.ts';
import { otherSpelling } from '../input/spelling.ts';
import { countOf, itemsOf, positionOf, textOf, type Values } from '../jdl/keys.ts';
import type { Job } from '../jdl/variables.ts';
import { collectionFiles } from './collection.ts';
import { fail, MadeFileError, WorkflowError } from './errors.ts';
import { findFile } from './inputs.ts';
import type { SkippedLine } from './plan.ts';
import type { EachData } from './schema.ts';

/** One job of a stage. It becomes a step. */
export interface StageJob extends Job {
  extraArguments?: string[];
}

/** The data that decide how many jobs a stage has. */
export interface FanOutContext {
  values: Values;
  /** Folders in which lists of input files are searched, in this order. */
  folders: readonly string[];
  /** Lines of the files that stages make at run time, by file name. */
  bins: Readonly<Record<string, readonly string[]>>;
  /** Collects the paths that were read. */
  sources: string[];
  warnings: string[];
  /** Collects the lines of made files that are left out. */
  skippedLines: SkippedLine[];
}

type LinesData = Extract<EachData, { lines: string }>;

const SINGLE: readonly StageJob[] = [{ index: 0 }];

/**
 * The jobs of a stage: one with index 0 when it does not fan out.
 * @returns undefined when they come from a file that is not made yet
 * @throws {WorkflowError} for a missing or invalid Split, a list without input files, a made file without a valid line
 */
export function jobsOf(
  each: EachData | undefined,
  at: Position,
  context: FanOutContext,
): readonly StageJob[] | undefined {
  if (each === undefined) return SINGLE;
  if (each === 'job') return jobsOfJdl(context, at);
  if ('jobs' in each) return range(each.jobs, at).map((index) => ({ index }));
  if ('files' in each) {
    const path = findFile(each.files, context.folders) ?? fail(`no such file: ${each.files}`, at);
    const files = inputFiles(path, context).slice(0, each.limit);
    if (files.length === 0) fail(`${each.files} lists no input file`, at);
    return files.map((inputFile, index) => ({ index, inputFile, extraArguments: [inputFile] }));
  }
  const lines = context.bins[each.lines];
  return lines && jobsOfLines(validLines(each, lines, context.skippedLines));
}

/**
 * `Split`: `production:A-B` has the indices A to B, `file` one for each input file, from 0. With input files
 * job i has the i-th file in both cases. Without InputDataCollection `file` is one job, as in the predecessor.
 */
function jobsOfJdl(context: FanOutContext, at: Position): StageJob[] {
  const { values } = context;
  const split = textOf(values, 'Split')?.trim();
  if (split === undefined) {
    const hint = otherSpelling(values, 'Split');
    fail(`the JDL has no Split: expected "production:FIRST-LAST" or "file"${hint}`, at);
  }
  const production = /^[^:]+:([0-9]+-[0-9]+)$/.exec(split)?.[1];
  if (!production && !/^[^:]+$/.test(split)) {
    fail(`Split: expected "production:FIRST-LAST" or "file", found "${split}"`, positionOf(values, 'Split'));
  }
  const files = inputFilesOfJdl(context, production === undefined);
  if (production)
    return range(production, positionOf(values, 'Split') ?? at).map((index) => ({ index, inputFile: files[index] }));
  if (files.length > 0) return files.map((inputFile, index) => ({ index, inputFile }));
  const where = positionOf(values, 'InputDataCollection');
  if (where) fail('InputDataCollection lists no input file: expected one file on each line', where);
  context.warnings.push(
    `Split is "${split}", but the JDL has no InputDataCollection: the stage has one job without an input file`,
  );
  return [...SINGLE];
}

/** The files of InputDataCollection, the first LimitInputFiles of them. A missing list is an error only if it is `needed`. */
function inputFilesOfJdl(context: FanOutContext, needed: boolean): string[] {
  const { values } = context;
  const files = itemsOf(values, 'InputDataCollection').flatMap(({ text, at }) => {
    const name = baseName(text.replace(/,nodownload$/, ''));
    const path = findFile(name, context.folders);
    if (path) return inputFiles(path, context);
    return needed ? fail(`InputDataCollection: there is no file ${name} in ${context.folders.join(' or ')}`, at) : [];
  });
  return files.slice(0, countOf(values, 'LimitInputFiles'));
}

/** The input files of a list on this machine. The list becomes a source of the plan. */
function inputFiles(path: string, { sources }: FanOutContext): string[] {
  let text: string;
  try {
    text = readText(path).text;
  } catch (error) {
    throw new WorkflowError([{ message: (error as Error).message }]);
  }
  if (!sources.includes(resolve(path))) sources.push(resolve(path));
  return collectionFiles({ file: path, text });
}

function range(text: string, at: Position): number[] {
  const [first = 0, last = 0] = text.split('-').map(Number);
  if (!Number.isSafeInteger(last) || last < first) fail(`the range ${first}-${last} contains no job`, at);
  if (last - first >= MOST_JOBS) fail(`${last - first + 1} jobs are more than the limit of ${MOST_JOBS}`, at);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** A mistyped range must not fill the memory. Real productions have thousands of jobs. */
const MOST_JOBS = 1_000_000;

/** The valid lines. Other lines are skipped, unless no line is valid. */
function validLines(each: LinesData, lines: readonly string[], skipped: SkippedLine[]): string[] {
  const file = each.lines;
  const pattern = new RegExp(each.matching ?? '\\S');
  const malformed = each.malformed === undefined ? undefined : new RegExp(each.malformed);
  let isValid: boolean[];
  let isMalformed: boolean[];
  try {
    isValid = bounded(() => lines.map((text) => pattern.test(text)));
    isMalformed = bounded(() => lines.map((text, i) => !isValid[i] && (malformed?.test(text) ?? false)));
  } catch (error) {
    if (!(error instanceof TooSlow)) throw error;
    throw new MadeFileError(file, { message: `${file}: the expression for its lines ${error.message}` });
  }
  const valid: string[] = [];
  for (const [i, text] of lines.entries()) {
    if (isValid[i]) valid.push(text);
    else if (text.trim() !== '')
      skipped.push({ file, line: i + 1, text, expected: pattern.source, malformed: isMalformed[i] ?? false });
  }
  if (valid.length > 0) return valid;
  const expected = `expected lines that match ${pattern.source}`;
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first < 0) throw new MadeFileError(file, { message: `${file} is empty: ${expected}` });
  const at = { source: { file, text: lines.join('\n') }, line: first + 1, column: 1 };
  throw new MadeFileError(file, { message: `${file} has no valid line: ${expected}, found first`, at });
}

function jobsOfLines(lines: readonly string[]): StageJob[] {
  return lines.map((line, index) => ({
    index,
    inputFile: line.trim().replaceAll(/\s+/g, '_'),
    extraArguments: line.trim().split(/\s+/),
  }));
}
