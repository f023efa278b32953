import { dirname, resolve } from 'node:path';
import { isMap, isNode, isScalar, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { Lines, type Position, type Problem, readText } from '../jdl/problem.ts';
import { WorkflowError } from './errors.ts';
import { type WorkflowData, workflowSchema } from './schema.ts';

/** A workflow file that was read and checked. */
export interface Definition {
  file: string;
  /** Where executables and inputs that ship with the workflow are looked for: its own folder, then `scripts`. */
  folders: string[];
  data: WorkflowData;
  /** Where in the file something stands: `['stages', 0, 'arguments']`. */
  at(path: Path): Position;
}

export type Path = readonly (string | number)[];

/**
 * Reads and checks a workflow definition.
 * @throws {WorkflowError} with every problem and its position: not readable, not YAML, not of the schema, stages that
 *   refer to stages that are not before them
 */
export function loadDefinition(file: string): Definition {
  const source = { file, text: read(file) };
  const lines = new Lines(source);
  const document = parseDocument(source.text, { prettyErrors: false, stringKeys: true });
  if (document.errors.length > 0) {
    throw new WorkflowError(
      document.errors.map((error) => ({
        message: error.message,
        at: lines.at(Math.min(error.pos[0], source.text.length)),
      })),
    );
  }
  const at = (path: Path, key = false) => lines.at(offsetOf(document.contents, path, key));
  const parsed = workflowSchema.safeParse(document.toJS());
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, at));
    throw new WorkflowError(problems.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0)));
  }
  const folder = dirname(resolve(file));
  const folders = [folder, ...(parsed.data.scripts ?? []).map((script) => resolve(folder, script))];
  const definition = { file, folders, data: parsed.data, at };
  const problems = checkStages(definition);
  if (problems.length > 0) throw new WorkflowError(problems);
  return definition;
}

function read(file: string): string {
  try {
    const { text } = readText(file);
    if (text.trim() === '') throw new Error(`${file}: the file is empty: no workflow in it`);
    return text;
  } catch (error) {
    throw new WorkflowError([{ message: (error as Error).message }]);
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

/** Stages refer to stages before them, and wait for those whose files they use. */
function checkStages({ data, at }: Pick<Definition, 'data' | 'at'>): Problem[] {
  const problems: Problem[] = [];
  const all = new Set(data.stages.map((stage) => stage.name));
  const waitsFor = new Map<string, Set<string>>();
  for (const [index, stage] of data.stages.entries()) {
    const path = ['stages', index];
    if (waitsFor.has(stage.name)) {
      problems.push({ message: `a second stage named '${stage.name}'`, at: at([...path, 'name']) });
    }
    const reached = new Set<string>();
    const refer = (name: string, where: Path, use: boolean) => {
      const message = !all.has(name)
        ? `the stage '${name}' does not exist`
        : !waitsFor.has(name)
          ? `the stage '${name}' does not come before this one`
          : use && !reached.has(name)
            ? `the stage '${name}' is used, but not waited for: add it to 'after'`
            : undefined;
      if (message) problems.push({ message, at: at([...path, ...where]) });
    };
    const after = stage.after === 'all' ? [...waitsFor.keys()] : stage.after;
    for (const [i, name] of after.entries()) {
      refer(name, ['after', i], false);
      for (const ancestor of [name, ...(waitsFor.get(name) ?? [])]) reached.add(ancestor);
    }
    if (typeof stage.each === 'object' && 'of' in stage.each) {
      const { of } = stage.each;
      refer(of, ['each', 'of'], true);
      if (data.stages.find(({ name }) => name === of)?.each !== undefined)
        problems.push({
          message: `the stage '${of}' fans out itself: one step must write the lines`,
          at: at([...path, 'each', 'of']),
        });
    }
    if (typeof stage.outputDir === 'object') refer(stage.outputDir.of, ['outputDir', 'of'], false);
    for (const [i, input] of (stage.inputs ?? []).entries()) {
      if (typeof input === 'object' && 'of' in input) refer(input.of, ['inputs', i, 'of'], true);
    }
    waitsFor.set(stage.name, reached);
  }
  return problems;
}
