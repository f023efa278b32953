import { readFileSync } from 'node:fs';
import { isMap, LineCounter, type Node, parseDocument } from 'yaml';
import type { z } from 'zod';
import { checkDepth, contentOf, YamlLimitError } from '../tools/yaml-limits.ts';

/** A configuration that cannot be used: what, where, what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

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
  const within = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (error instanceof YamlLimitError) throw new ConfigError(`${at(error.offset)}: ${error.message}`);
      throw error;
    }
  };
  within(() => checkDepth(text, lines.addNewLine));
  const document = parseDocument(text);
  const [syntax] = document.errors;
  if (syntax) throw new ConfigError(`${at(syntax.pos[0])}: ${syntax.message.split('\n')[0]}`);
  const parsed = schema.safeParse(within(() => contentOf(document)) ?? {});
  const place = (keys: Keys): string => at(offsetOf(document.contents, keys));
  const problems = (parsed.error?.issues ?? []).flatMap((issue) => {
    const keys = issue.path.filter((key) => typeof key !== 'symbol');
    const wrong = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...keys, key]) : [keys];
    return wrong.map((where) => `${place(where)}: ${where.join('.') || 'top level'}: ${issue.message}`);
  });
  return { data: parsed.data, problems, place };
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
