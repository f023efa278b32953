import {
  type CST,
  type Document,
  isMap,
  isNode,
  isScalar,
  LineCounter,
  type Node,
  Parser,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { Lines, type Position, type Problem, type Source } from './position.ts';
import { issueText, yamlErrorText } from './yaml-words.ts';

/** The position of a value in a YAML text, as keys and numbers: `['stages', 0, 'arguments']`. */
export type Path = readonly (string | number)[];

/** A problem with the value at a path. */
export interface ValueProblem extends Problem {
  path: Path;
}

/** A YAML text, checked against a schema. */
export interface YamlText<Data> {
  /** Absent when the text does not fit the schema. */
  data: Data | undefined;
  /** Where the text does not fit the schema, in the order of the text. */
  problems: ValueProblem[];
  /** The position of a value, or of the nearest value above it that exists; `key`: always the position of its key. */
  at(path: Path, key?: boolean): Position;
  /** Whether the text contains the value. */
  has(path: Path): boolean;
}

/** The text is not YAML, or would need too much memory or stack. */
export class YamlTextError extends Error {
  override name = 'YamlTextError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ message }) => message).join('\n'));
    this.problems = problems;
  }
}

/**
 * How deep lists and maps may be nested; our files need some ten levels. The parser recurses for each level, and Node.js
 * may end without an exception when the stack is full.
 */
const MAX_DEPTH = 50;

/** Largest number of values that one alias may expand to. A hand-written file has a few. */
const MAX_ALIASES = 100;

/** Reads a YAML text and checks it. @throws {YamlTextError} with positions, when it is not YAML */
export function readYamlText<Schema extends z.ZodType>(source: Source, schema: Schema): YamlText<z.output<Schema>> {
  const lines = new Lines(source);
  const fail = (message: string, offset: number): never => {
    throw new YamlTextError([{ message, at: lines.at(Math.min(offset, source.text.length)) }]);
  };
  const tooDeep = firstTooDeep(source.text);
  if (tooDeep !== undefined) fail(`lists are nested more than ${MAX_DEPTH} deep`, tooDeep);
  const document = parseDocument(source.text, { prettyErrors: false, stringKeys: true });
  if (document.errors.length > 0) {
    throw new YamlTextError(
      document.errors.map((error) => ({
        message: yamlErrorText(error),
        at: lines.at(Math.min(error.pos[0], source.text.length)),
      })),
    );
  }
  const at = (path: Path, key = false): Position => lines.at(offsetOf(document.contents, path, key));
  const parsed = schema.safeParse(contentOf(document, fail) ?? {});
  const problems = (parsed.error?.issues ?? []).flatMap((issue) => problemsOf(issue, at));
  problems.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0));
  return { data: parsed.data, problems, at, has: (path) => document.hasIn(path) };
}

/** The offset at which lists and maps are nested too deeply; undefined where none are. */
function firstTooDeep(text: string): number | undefined {
  const open: { token: CST.Token; depth: number }[] = [];
  for (const root of new Parser(new LineCounter().addNewLine).parse(text)) {
    open.push({ token: root, depth: 0 });
    for (let next = open.pop(); next; next = open.pop()) {
      const { token, depth } = next;
      if (depth > MAX_DEPTH) return token.offset;
      const inside = 'items' in token ? token.items.flatMap(({ key, value }) => [key, value]) : [];
      if (token.type === 'document') inside.push(token.value);
      for (const one of inside) if (one) open.push({ token: one, depth: depth + 1 });
    }
  }
  return undefined;
}

/**
 * The content of a document with its aliases expanded. Aliases that repeat one another could fill the memory.
 * @param fail called at an alias whose anchor is missing, or at the last alias when they expand to too much
 */
function contentOf(document: Document.Parsed, fail: (message: string, offset: number) => never): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    const anchors = new Set<string>();
    let offset = 0;
    visit(document, {
      Node: (_, node) => {
        if ('anchor' in node && node.anchor !== undefined) anchors.add(node.anchor);
      },
      Alias: (_, { source, range }) => {
        offset = range?.[0] ?? offset;
        return anchors.has(source) ? undefined : visit.BREAK;
      },
    });
    return fail((error as Error).message, offset);
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
function problemsOf(
  issue: z.core.$ZodIssue,
  at: (path: Path, key?: boolean) => Position,
  base: Path = [],
): ValueProblem[] {
  const path = [...base, ...(issue.path as (string | number)[])];
  const name = path.length > 0 ? `${path.join('.')}: ` : '';
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      message: `${name}unknown key '${key}'`,
      at: at([...path, key], true),
      path: [...path, key],
    }));
  }
  if (issue.code === 'invalid_union') {
    const branches = issue.errors.filter((errors) => !errors.some(isOfAnotherKind));
    const nearest = branches.sort((a, b) => misses(a) - misses(b))[0];
    if (nearest) return nearest.flatMap((error) => problemsOf(error, at, path));
  }
  return [{ message: name + issueText(issue), at: at(path), path }];
}

/** Whether the value has another type (text, map, …) than this branch of the union. */
function isOfAnotherKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

/** Missing keys show that the user did not mean this branch of the union. */
function misses(issues: readonly z.core.$ZodIssue[]): number {
  return issues.filter((issue) => issue.code === 'invalid_type' || issue.code === 'unrecognized_keys').length;
}
