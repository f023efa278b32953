import { isMap, isNode, isScalar, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { checkDepth, contentOf, YamlLimitError } from '../../framework/tools/yaml-limits.ts';
import { InputError, Lines, type Position, type Problem, readText, type Source } from './input-error.ts';
import { refuseForeign } from './own-file.ts';
import { issueText, yamlErrorText } from './yaml-words.ts';

/** Names and numbers that lead to a place in a YAML file: `['stages', 0, 'arguments']`. */
export type Path = readonly (string | number)[];

/** A YAML file that was read and is of its schema. */
export interface YamlFile<Data> {
  data: Data;
  /** Where in the file something stands, or the nearest above it that does; `key`: always the key of it. */
  at(path: Path, key?: boolean): Position;
  /** Whether the file says something about it. */
  has(path: Path): boolean;
}

/**
 * Reads a YAML file and checks it.
 * @param content what is in such a file, for the error of an empty one; without it an empty one is an empty map
 * @param instead of a file that nobody has named: what to do where another user can have written it
 * @throws {InputError} with every problem and its position: not readable, not YAML, not of the schema
 */
export function readYaml<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  content?: string,
  instead?: string,
): YamlFile<z.output<Schema>> {
  return parseYaml({ file, text: read(file, content, instead) }, schema);
}

/** As readYaml, of a text that was read. @throws {InputError} with every problem and its position */
export function parseYaml<Schema extends z.ZodType>(source: Source, schema: Schema): YamlFile<z.output<Schema>> {
  const lines = new Lines(source);
  const within = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof YamlLimitError)) throw error;
      throw new InputError([{ message: error.message, at: lines.at(error.offset) }]);
    }
  };
  within(() => checkDepth(source.text));
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
  const parsed = schema.safeParse(within(() => contentOf(document)) ?? {});
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, at));
    throw new InputError(problems.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0)));
  }
  return { data: parsed.data, at, has: (path) => document.hasIn(path) };
}

function read(file: string, content: string | undefined, instead: string | undefined): string {
  try {
    const { text } = readText(file, instead === undefined ? undefined : (fd) => refuseForeign(file, fd, instead));
    if (content !== undefined && text.trim() === '') throw new Error(`${file}: the file is empty: no ${content} in it`);
    return text;
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError([{ message: (error as Error).message }]);
  }
}

/**
 * Offset of what stands at a path, or of the nearest above it that exists: of a scalar its own, of a map or a list that
 * of its key.
 * @param key that of its key in any case
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

/** A zod issue as problems: unknown keys are shown where they stand, of a union the branch that came nearest. */
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

/** The value is not even a text, a map, … as this branch of the union wants it. */
function isOfAnotherKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** Missing keys tell that a branch of a union is not the one that was meant. */
function misses(issues: readonly z.core.$ZodIssue[]): number {
  return issues.filter((issue) => issue.code === 'invalid_type' || issue.code === 'unrecognized_keys').length;
}
