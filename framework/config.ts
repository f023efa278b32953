import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { DEFAULT_POOL, type Pool, type VolumeMount } from './scheduler/pool.ts';

/** A configuration that cannot be used: what, where, what to do. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const positive = z.number().positive();
const whole = z.number().int().positive();

const poolSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]+$/, 'letters, digits, ., _ and - only')
    .describe('Name of the pool'),
  projects: z.string().default('.*').describe('Regular expression for the projects it serves; matches the whole name'),
  cores: whole.optional().describe('Cores of a worker'),
  memory: whole.optional().describe('MB of memory of a worker'),
  disk: whole.optional().describe('MB of disk of a worker'),
  limit: z
    .strictObject({ cores: whole, memory: whole, disk: whole })
    .optional()
    .describe('Largest worker, for tasks that need more than the usual one'),
  image: z.string().optional().describe('Container image; without one workers are plain processes'),
  containerizer: z.enum(['docker', 'mesos']).optional(),
  volumes: z.array(z.string()).optional().describe('HOST[:CONTAINER[:RO|RW]]'),
  environment: z.record(z.string(), z.string()).optional(),
  user: z.string().optional(),
  privileged: z.boolean().optional(),
  forcePull: z.boolean().optional(),
  role: z.string().optional().describe('Mesos role'),
  min: z.number().int().nonnegative().optional().describe('Workers kept while a manager is there'),
  max: whole.optional().describe('Workers at most'),
  tasksPerWorker: whole.optional(),
  weight: positive.optional(),
  idleSeconds: z.number().nonnegative().optional().describe('Seconds an idle worker is kept'),
  launchesPerSecond: positive.optional(),
  workerCommand: z.string().optional(),
});

const fileSchema = z.strictObject({ pools: z.array(poolSchema).min(1) });

/** Reads pools from YAML text; what a pool leaves out comes from `base`. @throws ConfigError with file, line and column */
export function parsePools(text: string, path: string, base: Pool = DEFAULT_POOL): Pool[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const [syntax] = document.errors;
  if (syntax) throw new ConfigError(`${at(syntax.pos[0])}: ${syntax.message.split('\n')[0]}`);
  const parsed = fileSchema.safeParse(document.toJS() ?? {});
  if (!parsed.success) {
    const messages = parsed.error.issues.map((issue) => {
      const keys = issue.path.filter((key) => typeof key !== 'symbol');
      const node = document.getIn(keys, true) as { range?: [number, number, number] } | undefined;
      return `${at(node?.range?.[0] ?? 0)}: ${keys.join('.') || 'top level'}: ${issue.message}`;
    });
    throw new ConfigError(messages.join('\n'));
  }
  const names = new Set<string>();
  return parsed.data.pools.map((entry, index) => {
    const where = `${path}: pool ${index + 1} (${entry.name})`;
    if (names.has(entry.name)) throw new ConfigError(`${where}: this name is taken by a pool before it`);
    names.add(entry.name);
    const { projects, cores, memory, disk, volumes, ...rest } = entry;
    return {
      ...base,
      ...rest,
      projects: projectPattern(projects, where),
      shape: { cores: cores ?? base.shape.cores, memory: memory ?? base.shape.memory, disk: disk ?? base.shape.disk },
      volumes: volumes?.map(parseVolume) ?? base.volumes,
    };
  });
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

function projectPattern(source: string, where: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`);
  } catch (error) {
    throw new ConfigError(`${where}: projects: ${(error as Error).message}`);
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
