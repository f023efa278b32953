import { z } from 'zod';
import type { FetchUri, WorkerKind } from '../demand/worker-kind.ts';
import { type Constraint, ofKind, type Pool, type VolumeMount } from '../scheduler/state/pool.ts';
import { anchored } from './pattern.ts';
import { ConfigError, parseYaml, readConfig } from './yaml-file.ts';

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
  source: z.string().optional().describe('Whose projects it serves, and so which kind of worker it launches'),
  projects: read(anchored).optional().describe('Regular expression for the projects it serves; matches the whole name'),
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

/** All projects. */
const ANY = /^.*$/;

// `sources.ts` reads what else the file has.
const fileSchema = z.strictObject({ pools: z.array(poolSchema).min(1), htcondor: z.unknown().optional() });

/**
 * Reads pools from YAML text.
 * @param base what a pool leaves out comes from here
 * @param kinds what `source` may name
 * @throws ConfigError with file, line and column
 */
export function parsePools(text: string, path: string, base: Pool, kinds: readonly WorkerKind[]): Pool[] {
  const { data, problems, place } = parseYaml(text, path, fileSchema);
  const names = new Set<string>();
  const pools = (data?.pools ?? []).map((entry, index) => {
    const wrong = (key: string, problem: string): void => {
      problems.push(`${place(['pools', index, key])}: pools.${index}.${key}: ${problem}`);
    };
    const { cores, memory, disk, volumes, source = base.kind.source, ...rest } = entry;
    const kind = kinds.find((one) => one.source === source);
    if (!kind) {
      wrong('source', `there is no source ${source}; expected ${kinds.map((one) => one.source).join(' or ')}`);
    }
    const size = {
      cores: cores ?? base.shape.cores,
      memory: memory ?? base.shape.memory,
      disk: disk ?? base.shape.disk,
    };
    // The program of another kind is not that of the flags.
    const own = kind && kind !== base.kind ? ofKind(kind) : {};
    const pool: Pool = { ...base, ...own, projects: ANY, ...rest, shape: size, volumes: volumes ?? base.volumes };
    for (const [key, problem] of contradictions(pool)) wrong(key, problem);
    if (names.has(pool.name)) wrong('name', `${pool.name} is the name of a pool before it`);
    names.add(pool.name);
    return pool;
  });
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return pools;
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

/** @throws ConfigError */
export function readPools(path: string, base: Pool, kinds: readonly WorkerKind[]): Pool[] {
  return parsePools(readConfig(path), path, base, kinds);
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

/** `HOST[:CONTAINER[:RO|RW]]`, as the predecessor has it: the same path inside, read and write, when left out. @throws ConfigError */
export function parseVolume(text: string): VolumeMount {
  const [hostPath = '', containerPath = hostPath, mode = 'RW', ...rest] = text.split(':');
  const upper = mode.toUpperCase();
  if (hostPath === '' || containerPath === '' || rest.length > 0 || (upper !== 'RO' && upper !== 'RW')) {
    throw new ConfigError(`volume ${JSON.stringify(text)}: expected HOST[:CONTAINER[:RO|RW]]`);
  }
  return { hostPath, containerPath, mode: upper };
}
