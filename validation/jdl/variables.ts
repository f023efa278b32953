import { baseName } from '../files/places.ts';
import { type Integer, integerFormat } from './printf.ts';

/** The values of the variables for one job. */
export interface Job {
  /** `#alien_counter#` */
  index: number;
  /** Path or address; its base name is `#alienfilename#`. Absent: an empty text. */
  inputFile?: string | undefined;
}

/** An AliEn variable in a template; global, so that `expand` finds all of them. */
export const VARIABLE = /#alien_counter(?:_([^#]+))?#|#alienfilename(?:\/([^#/]+)\/([^#/]*)\/)?#/g;

/**
 * Replaces the AliEn variables of a template: `#alien_counter#`, `#alien_counter_05i#` (printf's integer formats),
 * `#alienfilename#`, `#alienfilename/FROM/TO/#` (plain text, every FROM). `$VAR`, `$(…)` and everything else are
 * unchanged: the shell on the worker expands them.
 * @throws {RangeError} for a format that is not one of printf's integer formats; see `badVariable`
 */
export function expand(template: string, job: Job): string {
  if (!template.includes('#alien')) return template;
  return template.replace(VARIABLE, (variable: string, format?: string, from?: string, to?: string) => {
    if (variable.startsWith('#alien_counter')) return formatter(format ?? 'i')(job.index);
    const name = baseName(job.inputFile ?? '');
    return from === undefined ? name : name.replaceAll(from, () => to ?? '');
  });
}

/** The first variable of a template whose format is not an integer format, or undefined. */
export function badVariable(template: string): string | undefined {
  for (const [variable, format] of template.matchAll(VARIABLE)) {
    if (format !== undefined && !integerFormat(format)) return variable;
  }
  return undefined;
}

/** Whether the template differs from job to job. */
export function hasVariable(template: string): boolean {
  return template.search(VARIABLE) >= 0;
}

const formatters = new Map<string, Integer>();

function formatter(format: string): Integer {
  let known = formatters.get(format);
  if (!known) {
    known = integerFormat(format);
    if (!known) throw new RangeError(`%${format} is not a printf format for integers`);
    formatters.set(format, known);
  }
  return known;
}
