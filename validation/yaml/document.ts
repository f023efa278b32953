import { isMap, isNode, isScalar, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { Lines, type Position, type Problem, type Source } from '../jdl/problem.ts';

/** Keys and indices from the top of a document: `['stages', 0, 'arguments']`. */
export type Path = readonly (string | number)[];

/** A YAML text, with the place of everything in it. */
export interface YamlDocument {
  /** As plain data; undefined for an empty text or one that is no YAML. */
  data: unknown;
  /** What is wrong with it as YAML. */
  problems: Problem[];
  /** Where something stands: of a map or a list its key; of what is missing the nearest above it. `key`: always the key. */
  at(path: Path, key?: boolean): Position;
}

/** Reads YAML, and judges nothing but its syntax. */
export function readYaml(source: Source): YamlDocument {
  const lines = new Lines(source);
  const document = parseDocument(source.text, { prettyErrors: false, stringKeys: true });
  const problems = document.errors.map((error) => ({
    message: error.message,
    at: lines.at(Math.min(error.pos[0], source.text.length)),
  }));
  return {
    data: problems.length > 0 ? undefined : (document.toJS() ?? undefined),
    problems,
    at: (path, key = false) => lines.at(offsetOf(document.contents, path, key)),
  };
}

/** What a schema has against a document: each problem at its place, in the order of the file. */
export function problemsOf(error: z.core.$ZodError, at: YamlDocument['at']): Problem[] {
  const problems = error.issues.flatMap((issue) => problemsOfIssue(issue, at));
  return problems.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0));
}

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

/** Unknown keys are shown where they stand, of a union the branch that came nearest. */
function problemsOfIssue(issue: z.core.$ZodIssue, at: YamlDocument['at'], base: Path = []): Problem[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const name = path.length > 0 ? `${path.join('.')}: ` : '';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ message: `${name}unknown key '${key}'`, at: at([...path, key], true) }));
  }
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.filter((errors) => !errors.some(isOfAnotherKind));
    const nearest = branches.sort((a, b) => misses(a) - misses(b))[0];
    if (nearest) return nearest.flatMap((error) => problemsOfIssue(error, at, path));
  }
  return [{ message: name + issue.message, at: at(path) }];
}

/** The value is not even a text, a map, … as this branch of the union wants it. */
function isOfAnotherKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** Missing keys tell that a branch of a union is not the one that was meant. */
function misses(issues: readonly z.core.$ZodIssue[]): number {
  return issues.filter((issue) => issue.code === 'invalid_type' || issue.code === 'unrecognized_keys').length;
}
