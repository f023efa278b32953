import { z } from 'zod';
import type { FetchUri, WorkerKind } from '../demand/worker-kind.ts';
import { type Constraint, gpusAtMost, ofKind, type Pool } from '../scheduler/state/pool.ts';
import { counted } from '../text/count.ts';
import { ConfigError } from './config-error.ts';
import { anchored } from './pattern.ts';
import { parseVolume } from './volume.ts';
import { parseYaml, readConfig } from './yaml-file.ts';

const positive = z.number().positive();
const whole = z.number().int().positive();
/** Seconds. Nobody waits longer, and Mesos counts in nanoseconds, of which 64 bits hold 292 years. */
const YEAR = 31_536_000;
const shape = z.strictObject({ cores: whole, memory: whole, disk: whole, gpus: whole.optional() });

/** Applies a function that throws ConfigError to a text. Its message is reported at the text's place in the file. */
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
  source: z.string().optional().describe('Source whose projects this pool serves. It decides the kind of worker'),
  projects: read(anchored)
    .optional()
    .describe('Regular expression for the projects that this pool serves. It must match the whole name'),
  cores: whole.optional().describe('Cores of a worker'),
  memory: whole.optional().describe('MB of memory of a worker'),
  disk: whole.optional().describe('MB of disk of a worker'),
  gpus: whole.optional().describe('GPUs of every worker; tasks that ask for GPUs need this, or gpus in limit'),
  limit: shape
    .optional()
    .describe('Largest worker. A task that needs more than the usual worker gets one up to this size'),
  role: z.string().min(1).optional().describe('Mesos role'),
  revocable: z
    .boolean()
    .optional()
    .describe('Whether workers may use revocable resources, which Mesos may take back at any time'),
  constraints: z
    .array(constraintSchema)
    .optional()
    .describe('[attribute or hostname, LIKE | UNLIKE | UNIQUE | MAX_PER, pattern or number]'),
  placement: z
    .enum(['spread', 'pack'])
    .optional()
    .describe('spread: launch workers on many agents. pack: launch them on few agents'),
  granularity: z
    .union([whole, z.literal('auto')])
    .optional()
    .describe(
      'How many workers may be launched together as one larger worker; auto: as the start rate of each agent advises',
    ),
  min: z.number().int().nonnegative().optional().describe('Smallest number of workers while the pool has a manager'),
  max: whole.optional().describe('Largest number of workers'),
  tasksPerWorker: whole.optional().describe('Largest number of tasks that one worker runs at once'),
  weight: positive.optional().describe('Share of this pool where several pools need the same offers'),
  idleSeconds: z.number().nonnegative().optional().describe('Seconds after which an idle worker is taken back'),
  scaleUpDelaySeconds: z
    .number()
    .nonnegative()
    .optional()
    .describe('Seconds that tasks must wait before workers are launched for them'),
  launchesPerSecond: whole.optional().describe('Largest number of launches in one second'),
  killGraceSeconds: z.number().nonnegative().max(YEAR).optional().describe('Seconds from SIGTERM to SIGKILL'),
  image: z.string().min(1).optional().describe('Container image. Without one, workers run as plain processes'),
  containerizer: z.enum(['docker', 'mesos']).optional().describe('Containerizer of the agent that runs the image'),
  volumes: z.array(read(parseVolume)).optional().describe('HOST[:CONTAINER[:RO|RW]]'),
  privileged: z.boolean().optional().describe('Run the containers privileged'),
  forcePull: z.boolean().optional().describe('Pull the image for each worker'),
  dockerParameters: z
    .array(z.strictObject({ key: z.string().min(1), value: z.string() }))
    .optional()
    .describe('Extra parameters of docker run'),
  uris: z.array(uriSchema).optional().describe('Files that the agent fetches into the sandbox'),
  environment: z.record(z.string().min(1), z.string()).optional().describe('Environment variables of the worker'),
  user: z.string().min(1).optional().describe('User who runs the workers'),
  workerCommand: z.string().min(1).optional().describe('Worker program: a path, or a name in $PATH'),
  passwordFile: z.string().min(1).optional().describe('File with the managers’ password: its path on the worker'),
});

/** All projects. */
const ANY = /^.*$/;

// `sources.ts` reads the other sections of the file.
const fileSchema = z.strictObject({ pools: z.array(poolSchema).min(1), htcondor: z.unknown().optional() });

/**
 * Reads pools from YAML text.
 * @param base the values of settings that a pool leaves out
 * @param kinds the sources that `source` may name
 * @throws ConfigError with file, line and column
 */
export function parsePools(text: string, path: string, base: Pool, kinds: readonly WorkerKind[]): Pool[] {
  const { data, problems, at } = parseYaml(text, path, fileSchema);
  const names = new Set<string>();
  const pools = (data?.pools ?? []).map((entry, index) => {
    const wrong = (key: string, problem: string): void => {
      const where = ['pools', index, key];
      problems.push({ message: `${where.join('.')}: ${problem}`, at: at(where), path: where });
    };
    const { cores, memory, disk, gpus, volumes, source = base.kind.source, ...rest } = entry;
    const kind = kinds.find((one) => one.source === source);
    if (!kind) {
      wrong('source', `there is no source ${source}; expected ${kinds.map((one) => one.source).join(' or ')}`);
    }
    const size = {
      cores: cores ?? base.shape.cores,
      memory: memory ?? base.shape.memory,
      disk: disk ?? base.shape.disk,
      ...(gpus !== undefined && { gpus }),
    };
    // The flags name the program and the image of the default kind only.
    const { image: _, ...others } = base;
    const usual = kind && kind !== base.kind ? { ...others, ...ofKind(kind) } : base;
    const pool: Pool = { ...usual, projects: ANY, ...rest, shape: size, volumes: volumes ?? base.volumes };
    for (const [key, problem] of contradictions(pool)) wrong(key, problem);
    if (names.has(pool.name)) wrong('name', `another pool has the name ${pool.name} already`);
    names.add(pool.name);
    return pool;
  });
  if (problems.length > 0) throw new ConfigError(problems);
  return pools;
}

/** Settings that are each valid but contradict one another. */
function contradictions(pool: Pool): [key: string, problem: string][] {
  const { shape, limit, min, max, kind } = pool;
  const found: [string, string][] = [];
  if (!kind.takesGpus && gpusAtMost(pool) > 0) {
    found.push([shape.gpus === undefined ? 'limit' : 'gpus', `a ${kind.title} cannot be given GPUs`]);
  }
  if (limit && (limit.cores < shape.cores || limit.memory < shape.memory || limit.disk < shape.disk)) {
    const usual = `${counted(shape.cores, 'core')}, ${shape.memory} MB, ${shape.disk} MB of disk`;
    found.push(['limit', `the usual worker (${usual}) is larger than this limit`]);
  }
  if (min > max) found.push(['min', `the minimum of ${min} is more than the maximum of ${max}`]);
  return found;
}

/** @throws ConfigError */
export function readPools(path: string, base: Pool, kinds: readonly WorkerKind[]): Pool[] {
  return parsePools(readConfig(path), path, base, kinds);
}

/** `[field, operator, argument?]`, as in Marathon. @throws ConfigError */
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
