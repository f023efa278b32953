import { baseName, placeAbove, splitParameters } from '../files/places.ts';
import type { Position } from '../input/input-error.ts';
import { expand, hasVariable, type Job } from '../jdl/variables.ts';
import { fail } from './errors.ts';

/** The data for placeholders. */
export interface PlaceholderContext {
  /** OutputDir of an earlier stage, and its first job. */
  outputDirOf(stage: string): { template: string; first: Job } | undefined;
  /** The first input file of the workflow. */
  firstInput: string | undefined;
  /** Where the JDL could name input files but names none. */
  noInputAt?: Position | undefined;
}

/** A placeholder, and the text directly after it: the parameters of an address are there. */
const PLACEHOLDER = /(\{\{\s*([^}]*?)\s*\}\})((?:(?!,unpack$)[^\s"'{])*)/g;

/**
 * Replaces the placeholders of a workflow file:
 * - `{{above STAGE}}`, `{{above STAGE N}}`: the directory above (N times) the OutputDir of the stage's first job
 * - `{{outputDir STAGE}}`: that OutputDir
 * - `{{inputDir}}`: the directory of the first input file
 * - `{{run}}`: the run number, characters 3 to 11 of the first input file's base name, as an integer; `{{run 9}}`:
 *   unchanged
 * @param asWord for arguments: a directory with blanks or quotes in its name stays one word, and its shell expressions
 *   are kept
 * @throws {WorkflowError} for an unknown placeholder, a stage that is not planned yet, a missing run number
 */
export function fillIn(text: string, at: Position, context: PlaceholderContext, asWord = false): string {
  if (!text.includes('{{')) return text;
  return text.replace(PLACEHOLDER, (_match, placeholder: string, inside: string, below: string) => {
    const [name = '', ...words] = inside.split(/\s+/);
    const directory = (place: string, literal: (part: string) => string): string => {
      const { path, parameters } = splitParameters(place);
      return asWord ? word(literal(path)) + below + word(literal(parameters)) : path + below + parameters;
    };
    if ((name === 'above' && words.length <= 2) || (name === 'outputDir' && words.length === 1)) {
      const planned = context.outputDirOf(words[0] ?? '');
      const levels = name === 'outputDir' ? 0 : Number(words[1] ?? 1);
      if (!planned) fail(`${placeholder}: there is no stage '${words[0] ?? ''}' before this one`, at);
      if (!Number.isInteger(levels) || levels < 0) fail(`${placeholder}: expected a number of levels`, at);
      return directory(placeAbove(expand(ofOneJob(planned.template), planned.first), levels), (part) => part);
    }
    if (name === 'inputDir' && words.length === 0) {
      return directory(placeAbove(firstInput(placeholder, at, context)), (part) => part.replace(/[$`\\]/g, '\\$&'));
    }
    if (name === 'run' && (words.length === 0 || inside.endsWith(' 9'))) {
      return runNumber(firstInput(placeholder, at, context), words.length > 0, at) + below;
    }
    return fail(`unknown placeholder ${placeholder}`, at);
  });
}

/** A value as a part of a word of arguments. In the value only a backslash before one of $ ` " \ is special. */
function word(value: string): string {
  if (!/[\s"'\\]/.test(value)) return value;
  return `"${value.replace(/\\[$`"\\]|"/g, (match) => (match === '"' ? '\\"' : match))}"`;
}

function firstInput(placeholder: string, at: Position, context: PlaceholderContext): string {
  if (context.firstInput !== undefined) return context.firstInput;
  if (!context.noInputAt) fail(`${placeholder}: the workflow has no input file`, at);
  fail('there is no input file: InputDataCollection must name a list of input files', context.noInputAt);
}

function runNumber(file: string, padded: boolean, at: Position): string {
  const digits = baseName(file).slice(2, 11);
  if (!/^[0-9]{9}$/.test(digits)) {
    fail(
      `the name of the first input file has no run number: expected digits at characters 3 to 11 of '${baseName(file)}'`,
      at,
    );
  }
  return padded ? digits : String(Number(digits));
}

/** A slash after the part of an OutputDir that differs from job to job does not begin another directory. */
function ofOneJob(template: string): string {
  return hasVariable(template) ? template.replace(/\/+$/, '') : template;
}
