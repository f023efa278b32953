import { readFileSync } from 'node:fs';
import { type CST, type Document, isMap, LineCounter, type Node, Parser, parseDocument, visit } from 'yaml';
import type { z } from 'zod';

/** The configuration cannot be used. The message says what is wrong, where, and what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * How deep lists and mappings may be nested; a pool needs four levels. The parser recurses for each level, and Node.js may end without an
 * exception when the stack is full.
 */
const MAX_DEPTH = 50;

/** Largest number of values that one alias may expand to. A hand-written file has a few. */
const MAX_ALIASES = 100;

/** Names and numbers that lead to a place in a YAML file: `['pools', 0, 'cores']`. */
export type Keys = readonly (string | number)[];

/** A parsed YAML text, with the place of each error. */
export interface YamlFile<Data> {
  /** Absent when the text does not fit the schema. */
  data: Data | undefined;
  /** The errors, each with its place. The caller may add errors that only it can find. */
  problems: string[];
  /** `FILE:LINE:COLUMN` of the value that the keys lead to, or of the nearest value around it. */
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

/** Reads YAML text and checks it. @throws ConfigError with the place, when the text is not YAML */
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
  if (tooDeep !== undefined) throw new ConfigError(`${at(tooDeep)}: lists are nested more than ${MAX_DEPTH} deep`);
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
 * The content of a document with its aliases expanded. Aliases that repeat one another could fill the memory.
 * @throws ConfigError at an alias whose anchor is missing, or at the last alias when they expand to too much
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

/** The place of a value in the text: its key if it has one, else the nearest value around it. */
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
