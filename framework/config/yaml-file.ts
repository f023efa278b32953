import { readFileSync } from 'node:fs';
import { type CST, type Document, isMap, LineCounter, type Node, Parser, parseDocument, visit } from 'yaml';
import type { z } from 'zod';

/** A configuration that cannot be used: what, where, what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Lists and mappings within one another; a pool has four. The parser calls itself for each, and Node.js may end without an
 * exception where it has no stack left.
 */
const MAX_DEPTH = 50;

/** So many values may come from one alias, with those that it contains; a file by hand has a few. */
const MAX_ALIASES = 100;

/** Names and numbers that lead to a place in a YAML file: `['pools', 0, 'cores']`. */
export type Keys = readonly (string | number)[];

/** A YAML text that is none, or not of its schema, is told with the place of each error. */
export interface YamlFile<Data> {
  /** Absent where the text is not of its schema. */
  data: Data | undefined;
  /** What is wrong, each with its place; the reader may add what only it can see. */
  problems: string[];
  /** `FILE:LINE:COLUMN` of what the keys lead to, or of the nearest thing around it. */
  place(keys: Keys): string;
}

/** The text of a configuration file. @throws ConfigError */
export function readConfig(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`);
  }
}

/** Reads YAML text and checks it. @throws ConfigError with the place, when it is no YAML */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  path: string,
  schema: Schema,
): YamlFile<z.output<Schema>> {
  const lines = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const tooDeep = firstTooDeep(text, lines);
  if (tooDeep !== undefined) throw new ConfigError(`${at(tooDeep)}: more than ${MAX_DEPTH} lists within one another`);
  const document = parseDocument(text);
  const [syntax] = document.errors;
  if (syntax) throw new ConfigError(`${at(syntax.pos[0])}: ${syntax.message.split('\n')[0]}`);
  const parsed = schema.safeParse(contentOf(document, at) ?? {});
  const place = (keys: Keys): string => at(offsetOf(document.contents, keys));
  const problems = (parsed.error?.issues ?? []).flatMap((issue) => {
    const keys = issue.path.filter((key) => typeof key !== 'symbol');
    const wrong = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...keys, key]) : [keys];
    return wrong.map((where) => `${place(where)}: ${where.join('.') || 'top level'}: ${issue.message}`);
  });
  return { data: parsed.data, problems, place };
}

/** The offset at which lists and mappings are nested too deeply; undefined where none are. */
function firstTooDeep(text: string, lines: LineCounter): number | undefined {
  const open: { token: CST.Token; depth: number }[] = [];
  for (const root of new Parser(lines.addNewLine).parse(text)) {
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
 * What a document says, with its aliases resolved; a few of them that repeat one another could fill the memory.
 * @throws ConfigError at the alias that has no anchor before it, or at the last one when they multiply
 */
function contentOf(document: Document.Parsed, at: (offset: number) => string): unknown {
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
    throw new ConfigError(`${at(offset)}: ${(error as Error).message}`);
  }
}

/** Where in the text something is: a key if it is one of a mapping, else the nearest thing around it that is there. */
function offsetOf(contents: Node | null, keys: Keys): number {
  let offset = contents?.range?.[0] ?? 0;
  let node: unknown = contents;
  for (const key of keys) {
    if (isMap<Node, Node>(node)) {
      const pair = node.items.find((item) => String(item.key) === String(key));
      if (!pair) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else {
      node = (node as { items?: Node[] } | undefined)?.items?.[Number(key)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    }
  }
  return offset;
}
