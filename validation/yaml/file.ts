import type { z } from 'zod';
import { InputError, type Position, readText } from '../jdl/problem.ts';
import { type Path, problemsOf, readYaml } from './document.ts';

/** A YAML file that was read and is of its schema. */
export interface YamlFile<Data> {
  data: Data;
  /** Where in the file something stands, or the nearest above it that does. */
  at(path: Path): Position;
}

/**
 * Reads a YAML file and checks it.
 * @param content what is in such a file, for the error of an empty one
 * @throws {InputError} with every problem and its position: not readable, not YAML, not of the schema
 */
export function readYamlFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  content: string,
): YamlFile<z.output<Schema>> {
  const { data, problems, at } = readYaml({ file, text: read(file, content) });
  if (problems.length > 0) throw new InputError(problems);
  const parsed = schema.safeParse(data);
  if (!parsed.success) throw new InputError(problemsOf(parsed.error, at));
  return { data: parsed.data, at };
}

function read(file: string, content: string): string {
  try {
    const { text } = readText(file);
    if (text.trim() === '') throw new Error(`${file}: the file is empty: no ${content} in it`);
    return text;
  } catch (error) {
    throw new InputError([{ message: (error as Error).message }]);
  }
}
