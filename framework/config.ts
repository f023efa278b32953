import { readFileSync } from 'node:fs';
import { type CST, type Document, isMap, LineCounter, type Node, Parser, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { type Constraint, DEFAULT_POOL, type FetchUri, type Pool, type VolumeMount } from './scheduler/pool.ts';

/** A configuration that cannot be used: what, where, what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const positive = z.number().positive();
const whole = z.number().int().positive();
const shape = z.strictObject({ cores: whole, memory: whole, disk: whole });

/** Text that is read by a function which throws a ConfigError: its message, at the text's place in the file. */
function read<Out>(parse: (text: string) => Out) {
  return z.string().transform((text, context) => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
}

const constraintSchema = z
  .tuple([z.string().min(1), z.enum(['LIKE', 'UNLIKE', 'UNIQUE', 'MAX_PER'])], z.union([z.string(), z.number()]))
  .transform((words, context): Constraint => {
    try {
      return parseConstraint(words);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });

const uriSchema = z.union([
  z.string().transform((uri): FetchUri => ({ uri })),
  z.strictObject({
    uri: z.string(),
    extract: z.boolean().optional(),
    executable: z.boolean().optional(),
    cache: z.boolean().optional(),
    outputFile: z.string().optional(),
  }),
]);

const poolSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, ., _ and - only')
    .describe('Name of the pool'),
  projects: read(anchored)
    .default(DEFAULT_POOL.projects)
    .describe('Regular expression for the projects it serves; matches the whole name'),
  cores: whole.optional().describe('Cores of a worker'),
  memory: whole.optional().describe('MB of memory of a worker'),
  disk: whole.optional().describe('MB of disk of a worker'),
  limit: shape.optional().describe('Largest worker, for tasks that need more than the usual one'),
  role: z.string().min(1).optional().describe('Mesos role'),
  revocable: z.boolean().optional().describe('Also use resources that Mesos may take back at any time'),
  constraints: z
    .array(constraintSchema)
    .optional()
    .describe('[attribute or hostname, LIKE | UNLIKE | UNIQUE | MAX_PER, pattern or number]'),
  placement: z.enum(['spread', 'pack']).optional().describe('Over many agents, or onto few'),
  granularity: whole.optional().describe('Workers that may be launched as one of so many times the size'),
  min: z.number().int().nonnegative().optional().describe('Workers kept while a manager is there'),
  max: whole.optional().describe('Workers at most'),
  tasksPerWorker: whole.optional().describe('Tasks a worker carries at once, at most'),
  weight: positive.optional().describe('Share among those that want the same offers'),
  idleSeconds: z.number().nonnegative().optional().describe('Seconds an idle worker is kept'),
  scaleUpDelaySeconds: z.number().nonnegative().optional().describe('Seconds that tasks must wait before a launch'),
  launchesPerSecond: whole.optional().describe('Launches in one second, at most'),
  killGraceSeconds: z.number().nonnegative().optional().describe('Seconds from SIGTERM to SIGKILL'),
  image: z.string().min(1).optional().describe('Container image; without one workers are plain processes'),
  containerizer: z.enum(['docker', 'mesos']).optional().describe('Which of the agent’s containerizers runs the image'),
  volumes: z.array(read(parseVolume)).optional().describe('HOST[:CONTAINER[:RO|RW]]'),
  privileged: z.boolean().optional().describe('Privileged containers'),
  forcePull: z.boolean().optional().describe('Pull the image for each worker'),
  dockerParameters: z
    .array(z.strictObject({ key: z.string().min(1), value: z.string() }))
    .optional()
    .describe('Extra parameters of docker run'),
  uris: z.array(uriSchema).optional().describe('Files that are fetched into the sandbox'),
  environment: z.record(z.string().min(1), z.string()).optional().describe('Environment variables of the worker'),
  user: z.string().min(1).optional().describe('User that workers run as'),
  workerCommand: z.string().min(1).optional().describe('The worker program: a path, or a name in the PATH'),
  passwordFile: z.string().min(1).optional().describe('File with the managers’ password, as the worker sees it'),
});

/**
 * Lists and mappings within one another; a pool has four. The parser calls itself for each, and Node.js may end without an
 * exception where it has no stack left.
 */
const MAX_DEPTH = 50;

/** So many values may come from one alias, with those that it contains; a file by hand has a few. */
const MAX_ALIASES = 100;

const fileSchema = z.strictObject({ pools: z.array(poolSchema).min(1) });

/** Reads pools from YAML text; what a pool leaves out comes from `base`. @throws ConfigError with file, line and column */
export function parsePools(text: string, path: string, base: Pool = DEFAULT_POOL): Pool[] {
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

  const place = (keys: Keys): string => at(offsetOf(document.contents, keys));
  const problems: string[] = [];
  const parsed = fileSchema.safeParse(contentOf(document, at) ?? {});
  for (const issue of parsed.error?.issues ?? []) {
    const keys = issue.path.filter((key) => typeof key !== 'symbol');
    for (const extra of issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [key]) : [[]]) {
      const where = [...keys, ...extra];
      problems.push(`${place(where)}: ${where.join('.') || 'top level'}: ${issue.message}`);
    }
  }
  const pools = (parsed.data?.pools ?? []).map((entry, index) => {
    const { cores, memory, disk, volumes, ...rest } = entry;
    const size = {
      cores: cores ?? base.shape.cores,
      memory: memory ?? base.shape.memory,
      disk: disk ?? base.shape.disk,
    };
    const pool: Pool = { ...base, ...rest, shape: size, volumes: volumes ?? base.volumes };
    for (const [key, problem] of contradictions(pool)) {
      problems.push(`${place(['pools', index, key])}: pools.${index}.${key}: ${problem}`);
    }
    return pool;
  });
  for (const [index, { name }] of pools.entries()) {
    if (pools.findIndex((pool) => pool.name === name) < index) {
      problems.push(`${place(['pools', index, 'name'])}: pools.${index}.name: ${name} is the name of a pool before it`);
    }
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return pools;
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

/** Settings that are right by themselves, but not together. */
function contradictions({ shape, limit, min, max }: Pool): [key: string, problem: string][] {
  const found: [string, string][] = [];
  if (limit && (limit.cores < shape.cores || limit.memory < shape.memory || limit.disk < shape.disk)) {
    const usual = `${shape.cores} cores, ${shape.memory} MB, ${shape.disk} MB of disk`;
    found.push(['limit', `the usual worker (${usual}) is larger than the largest allowed one`]);
  }
  if (min > max) found.push(['min', `the minimum of ${min} is more than the maximum of ${max}`]);
  return found;
}

type Keys = (string | number)[];

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

/** @throws ConfigError */
export function readPools(path: string, base?: Pool): Pool[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError(`${path}: cannot be read: ${(error as Error).message}`);
  }
  return parsePools(text, path, base);
}

/** `[field, operator, argument?]`, as Marathon has them. @throws ConfigError */
function parseConstraint([field, operator, argument, ...rest]: [string, string, ...(string | number)[]]): Constraint {
  const wanted = { LIKE: 'a pattern', UNLIKE: 'a pattern', MAX_PER: 'a whole number from 1', UNIQUE: 'no argument' };
  const isUnique = operator === 'UNIQUE';
  const limit = isUnique ? 1 : Number(argument);
  const isWrong = operator === 'MAX_PER' && (!Number.isInteger(limit) || limit < 1);
  if (isWrong || isUnique !== (argument === undefined) || rest.length > 0) {
    throw new ConfigError(`${operator} takes ${wanted[operator as keyof typeof wanted]}`);
  }
  if (isUnique || operator === 'MAX_PER') return { field, operator: 'MAX_PER', limit };
  return { field, operator: operator === 'LIKE' ? 'LIKE' : 'UNLIKE', pattern: anchored(String(argument)) };
}

function anchored(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`);
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

/** `HOST[:CONTAINER[:RO|RW]]`, as the predecessor has it: the same path inside, read and write, when left out. @throws ConfigError */
export function parseVolume(text: string): VolumeMount {
  const [hostPath = '', containerPath = hostPath, mode = 'RW', ...rest] = text.split(':');
  const upper = mode.toUpperCase();
  if (hostPath === '' || containerPath === '' || rest.length > 0 || (upper !== 'RO' && upper !== 'RW')) {
    throw new ConfigError(`volume ${JSON.stringify(text)}: expected HOST[:CONTAINER[:RO|RW]]`);
  }
  return { hostPath, containerPath, mode: upper };
}
