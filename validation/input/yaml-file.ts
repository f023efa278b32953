import type { z } from 'zod';
import type { Source } from '../../framework/text/position.ts';
import { readYamlText, type YamlText, YamlTextError } from '../../framework/text/yaml.ts';
import { compiledYaml } from './compiled-yaml.ts';
import { InputError, readText } from './input-error.ts';
import { refuseForeign } from './own-file.ts';

export type { Path } from '../../framework/text/yaml.ts';

/** A YAML file that was read and fits its schema. */
export interface YamlFile<Data> extends Pick<YamlText<Data>, 'at' | 'has'> {
  data: Data;
}

/**
 * Reads a YAML file and checks it.
 * @param content what such a file contains, for the error message of an empty one; without it an empty file is an empty map
 * @param instead for a file that the user has not named: what to do if another user may have written it
 * @throws {InputError} with all problems and their positions: the file cannot be read, is not YAML, does not fit the schema
 */
export function readYaml<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  content?: string,
  instead?: string,
): YamlFile<z.output<Schema>> {
  const whole = () => parseYaml({ file, text: read(file, content, instead) }, schema);
  const compiled = compiledYaml(file);
  const own = compiled === undefined ? undefined : schema.safeParse(compiled);
  // Where the user gives one of relval's own files for something else, its text is read too, for the places of what does not fit.
  if (!own?.success) return whole();
  // Places in relval's own files are hardly ever asked for.
  return { data: own.data, at: (path, key) => whole().at(path, key), has: (path) => whole().has(path) };
}

/** Like readYaml, for a text in memory. @throws {InputError} with all problems and their positions */
export function parseYaml<Schema extends z.ZodType>(source: Source, schema: Schema): YamlFile<z.output<Schema>> {
  try {
    const { data, problems, at, has } = readYamlText(source, schema);
    if (problems.length > 0) throw new InputError(problems);
    return { data: data as z.output<Schema>, at, has };
  } catch (error) {
    throw error instanceof YamlTextError ? new InputError(error.problems) : error;
  }
}

function read(file: string, content: string | undefined, instead: string | undefined): string {
  try {
    const { text } = readText(file, instead === undefined ? undefined : (fd) => refuseForeign(file, fd, instead));
    if (content !== undefined && text.trim() === '')
      throw new Error(`${file}: the file is empty: it contains no ${content}`);
    return text;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError([{ message: (error as Error).message }]);
  }
}
