import { isMap, isNode, isScalar, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { InputError, Lines, type Position, type Problem, readText, type Source } from './input-error.ts';
import { refuseForeign } from './own-file.ts';
import { issueText, yamlErrorText } from './yaml-words.ts';

/** The position of a value in a YAML file, as keys and numbers: `['stages', 0, 'arguments']`. */
export type Path = readonly (string | number)[];

/** A YAML file that was read and fits its schema. */
export interface YamlFile<Data> {
  data: Data;
  /** The position in the file of a value, or of the nearest value above it that exists; `key`: always the position of its key. */
  at(path: Path, key?: boolean): Position;
  /** Whether the file contains the value. */
  has(path: Path): boolean;
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
  return parseYaml({ file, text: read(file, content, instead) }, schema);
}

/** Like readYaml, for a text in memory. @throws {InputError} with all problems and their positions */
export function parseYaml<Schema extends z.ZodType>(source: Source, schema: Schema): YamlFile<z.output<Schema>> {
  const lines = new Lines(source);
  const document = parseDocument(source.text, { prettyErrors: false, stringKeys: true });
  if (document.errors.length > 0) {
    throw new InputError(
      document.errors.map((error) => ({
        message: yamlErrorText(error),
        at: lines.at(Math.min(error.pos[0], source.text.length)),
      })),
    );
  }
  const at = (path: Path, key = false) => lines.at(offsetOf(document.contents, path, key));
  const parsed = schema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, at));
    throw new InputError(problems.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0)));
  }
  return { data: parsed.data, at, has: (path) => document.hasIn(path) };
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

/**
 * Offset of the value at a path, or of the nearest value above it that exists: for a scalar its own offset, for a map or a list
 * that of its key.
 * @param key return the offset of its key in any case
 */
function offsetOf(root: Node | null, path: Path, key: boolean): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const name of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === name);
      if (!pair) return offset;
      offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else if (isNode(node) && 'items' in node && Array.isArray(node.items)) {
      node = node.items[Number(name)];
      if (!isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  if (isScalar(node) && !key) offset = node.range?.[0] ?? offset;
  return offset;
}

/** A zod issue as problems. Unknown keys are shown at their places; for a union, the branch that fits best is shown. */
function problemsOf(issue: z.core.$ZodIssue, at: (path: Path, key?: boolean) => Position, base: Path = []): Problem[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const name = path.length > 0 ? `${path.join('.')}: ` : '';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ message: `${name}unknown key '${key}'`, at: at([...path, key], true) }));
  }
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.filter((errors) => !errors.some(isOfAnotherKind));
    const nearest = branches.sort((a, b) => misses(a) - misses(b))[0];
    if (nearest) return nearest.flatMap((error) => problemsOf(error, at, path));
  }
  return [{ message: name + issueText(issue), at: at(path) }];
}

/** Whether the value has another type (text, map, …) than this branch of the union. */
function isOfAnotherKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** Missing keys show that the user did not mean this branch of the union. */
function misses(issues: readonly z.core.$ZodIssue[]): number {
  return issues.filter((issue) => issue.code === 'invalid_type' || issue.code === 'unrecognized_keys').length;
}
