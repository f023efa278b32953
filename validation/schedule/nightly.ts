import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { InputError, type Position, type Problem } from '../input/input-error.ts';
import { type Path, readYaml } from '../input/yaml-file.ts';
import { megabytes, seconds } from '../units/parse.ts';
import { fieldsOf, problemOf, type Times, WEEKDAYS } from './times.ts';
import { zoneProblem } from './zones.ts';

const DURATION = 'expected a time such as 90m, 20h or 30d';
const duration = z
  .union([z.number().int().positive(), z.string()], DURATION)
  .refine((value) => seconds(String(value)) !== undefined, DURATION)
  .transform((value) => seconds(String(value)) as number);
const SIZE = 'expected a size such as 512MB or 8GB';
const size = z
  .union([z.number().int().positive(), z.string()], SIZE)
  .refine((value) => megabytes(String(value)) !== undefined, SIZE)
  .transform((value) => megabytes(String(value)) as number);
const setting = z.string().regex(/^[A-Za-z_][\w.-]*=/, 'expected KEY=VALUE');
const packageName = z.string().regex(/^[\w.+-]+$/, 'expected the name of a package, such as AliPhysics');
const version = z.string().regex(/^[\w.+-]+$/, 'expected a version, such as v5-09-36-01-1');

/** The version of a package to validate, chosen when the run starts. */
const release = z
  .strictObject({
    package: packageName,
    tag: version.optional(),
    newest: z
      .string()
      .regex(/^[\w.+*?-]+$/, 'expected a pattern of versions, such as vAN-*')
      .optional(),
    today: z
      .string()
      .regex(/%Y.*%m.*%d/, 'expected a version with %Y, %m and %d in it, such as vAN-%Y%m%d-1')
      .optional(),
  })
  .refine(({ tag, newest, today }) => [tag, newest, today].filter((one) => one !== undefined).length === 1, {
    message: 'expected one of tag, newest and today',
  });

const docker = z.strictObject({
  hostPath: z.string().startsWith('/'),
  containerPath: z.string().startsWith('/'),
  mode: z.enum(['RO', 'RW']).default('RO'),
});

/** The keys of one nightly, and of `defaults` for all of them. */
const common = {
  timeZone: z
    .string()
    .refine((name) => zoneProblem(name) === undefined, { error: ({ input }) => zoneProblem(String(input)) ?? '' })
    .optional(),
  owner: z.email('expected an e-mail address').optional(),
  runs: z.string().min(1).optional(),
  local: z.boolean().optional(),
  catalog: z
    .string()
    .regex(/^\S+:\d+$/, 'expected HOST:PORT')
    .optional(),
  password: z.string().min(1).optional(),
  startWithin: duration.optional(),
  packagesWithin: duration.optional(),
  alienv: z.string().min(1).optional(),
  whenRunning: z.enum(['skip', 'queue', 'stop']).optional(),
  retention: z
    .strictObject({
      keep: z.number().int().positive().optional(),
      olderThan: duration.optional(),
    })
    .optional(),
  image: z.string().min(1).optional(),
  resources: z
    .strictObject({
      cores: z.number().positive().optional(),
      memory: size.optional(),
      disk: size.optional(),
    })
    .optional(),
  relval: z.string().min(1).optional(),
  environment: z.record(z.string().regex(/^[A-Za-z_]\w*$/), z.coerce.string()).optional(),
  volumes: z.array(docker).optional(),
  constraints: z.array(z.array(z.string()).min(2).max(3)).optional(),
};

const weekday = z.enum(WEEKDAYS, `expected one of ${WEEKDAYS.join(', ')}`);
const nightly = z.strictObject({
  run: z.string().min(1),
  description: z.string().optional(),
  release: release.optional(),
  set: z.array(setting).optional(),
  setAppend: z.array(setting).optional(),
  arg: z.array(z.coerce.string()).optional(),
  workflow: z.string().min(1).optional(),
  stopAt: z.string().min(1).optional(),
  retries: z.number().int().nonnegative().optional(),
  at: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time such as "02:00"')
    .optional(),
  days: z.array(weekday).min(1).optional(),
  cron: z.string().optional(),
  ...common,
});

const nightliesSchema = z.strictObject({
  defaults: z.strictObject(common).optional(),
  nightlies: z.record(
    z.string().regex(/^[A-Za-z0-9][\w-]{0,59}$/, "expected a name of letters, digits, '_' and '-'"),
    nightly,
  ),
});

type NightlyData = z.output<typeof nightly>;
export type ReleaseData = z.output<typeof release>;

/** One nightly: what to run, when, and how. The file's defaults are applied. Paths are absolute. */
export interface Nightly
  extends Pick<
    NightlyData,
    'release' | 'owner' | 'description' | 'catalog' | 'image' | 'stopAt' | 'retries' | 'workflow' | 'constraints'
  > {
  name: string;
  /** The file that contains it. */
  file: string;
  /** JDL or workflow. */
  input: string;
  times: Times;
  set: string[];
  setAppend: string[];
  /** Values for `$1`, `$2`, … in the JDL. */
  arg: string[];
  local: boolean;
  /** Directory of the runs. */
  runs: string;
  /** Seconds after the due time within which it may start. */
  startWithin: number;
  whenRunning: 'skip' | 'queue' | 'stop';
  /** Seconds to wait for packages that are not published yet. */
  packagesWithin: number;
  /** Program that lists packages; undefined: the one in CVMFS. */
  alienv: string | undefined;
  retention: { keep?: number; olderThan?: number };
  /** Memory of the process that controls the run, not of its steps. MB. */
  resources: { cores: number; memory: number; disk: number };
  /** With `catalog`: the file with the password that workers must know. */
  password?: string;
  /** The program that schedulers call; undefined: the one that they find. */
  relval: string | undefined;
  environment: Record<string, string>;
  volumes: { hostPath: string; containerPath: string; mode: 'RO' | 'RW' }[];
  /** Its position in the file. */
  at: Position;
}

/** The default file of nightlies. */
export const NIGHTLY_FILE = 'nightly.yaml';
/** Default for `maxLate`: a nightly that starts later would disturb the day's work. */
const START_WITHIN = 2 * 3600;
/** `relval` waits, follows logs, and judges: that needs little, beside the steps on workers. */
const RESOURCES = { cores: 0.5, memory: 1024, disk: 1024 };

/**
 * Reads a file of nightlies; `docs/schedule.md` describes each key.
 * @param place the file; undefined: `nightly.yaml` in the current directory, unless another user may have written it
 * @throws {InputError} with every problem and its position
 */
export function loadNightlies(place: string | undefined): Map<string, Nightly> {
  const file = place ?? NIGHTLY_FILE;
  const instead = place === undefined ? `If you trust it: --file ${file}` : undefined;
  const { data, at } = readYaml(file, nightliesSchema, 'nightly', instead);
  const problems: Problem[] = [];
  const nightlies = new Map<string, Nightly>();
  for (const [name, entry] of Object.entries(data.nightlies)) {
    const path = ['nightlies', name];
    const place = (key: string) => at([...path, key]);
    const { times, problem } = timesOf(entry, data.defaults?.timeZone, path);
    if (problem) problems.push({ message: `${path.join('.')}: ${problem.message}`, at: at(problem.path) });
    // The nightly's own local or catalog replaces that of the defaults.
    const own = entry.local !== undefined || entry.catalog !== undefined;
    const { local = false, catalog } = own ? entry : (data.defaults ?? {});
    if (local === (catalog !== undefined)) {
      problems.push({
        message: `${path.join('.')}: expected either local: true, or catalog: HOST:PORT of a cluster`,
        at: place(local ? 'local' : 'catalog'),
      });
    }
    if (times)
      nightlies.set(name, build(name, resolve(file), entry, data.defaults ?? {}, times, local, catalog, at(path)));
  }
  if (problems.length > 0) throw new InputError(problems);
  return nightlies;
}

/** @throws {InputError} with a list of the existing ones */
export function findNightly(file: string | undefined, name: string): Nightly {
  const nightlies = loadNightlies(file);
  const found = nightlies.get(name);
  if (found) return found;
  throw new InputError([
    {
      message: `there is no nightly '${name}' in ${file ?? NIGHTLY_FILE}. It contains ${[...nightlies.keys()].join(', ')}`,
    },
  ]);
}

function build(
  name: string,
  file: string,
  entry: NightlyData,
  defaults: Partial<NightlyData>,
  times: Times,
  local: boolean,
  catalog: string | undefined,
  at: Position,
): Nightly {
  const folder = dirname(file);
  const pick = <Key extends keyof typeof common>(key: Key) => entry[key] ?? defaults[key];
  const { release, description, stopAt, retries, workflow } = entry;
  const password = pick('password');
  const optional = {
    release,
    description,
    stopAt,
    retries,
    owner: pick('owner'),
    image: pick('image'),
    constraints: pick('constraints'),
    catalog,
  };
  return {
    ...(Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)) as typeof optional),
    ...(workflow !== undefined && { workflow: resolve(folder, workflow) }),
    ...(password !== undefined && { password: resolve(folder, password) }),
    name,
    file,
    input: resolve(folder, entry.run),
    times,
    set: entry.set ?? [],
    setAppend: entry.setAppend ?? [],
    arg: entry.arg ?? [],
    local,
    runs: resolve(folder, pick('runs') ?? 'runs'),
    startWithin: pick('startWithin') ?? START_WITHIN,
    whenRunning: pick('whenRunning') ?? 'skip',
    packagesWithin: pick('packagesWithin') ?? 0,
    alienv: pick('alienv'),
    retention: { ...defaults.retention, ...entry.retention },
    resources: { ...RESOURCES, ...defaults.resources, ...entry.resources },
    relval: pick('relval'),
    environment: { ...defaults.environment, ...entry.environment },
    volumes: pick('volumes') ?? [],
    at,
  };
}

interface TimesFound {
  times?: Times;
  problem?: { message: string; path: Path };
}

function timesOf(entry: NightlyData, defaultZone: string | undefined, path: Path): TimesFound {
  const problem = (message: string, ...key: string[]): TimesFound => ({
    problem: { message, path: [...path, ...key] },
  });
  const timeZone = entry.timeZone ?? defaultZone;
  if (timeZone === undefined)
    return problem('timeZone is missing, here and in defaults: without it 02:00 has no meaning');
  if ((entry.at === undefined) === (entry.cron === undefined)) {
    return problem('expected either a time (at: "02:00", with days: [mon, …] if not every day) or cron', 'at');
  }
  if (entry.cron !== undefined) {
    if (entry.days)
      return problem('days can be used only with at: a cron expression has the days in its last field', 'days');
    const times = { cron: entry.cron.trim().replace(/\s+/g, ' '), timeZone };
    try {
      fieldsOf(times.cron);
    } catch (error) {
      return problem((error as Error).message, 'cron');
    }
    const wrong = problemOf(times);
    return wrong === undefined ? { times } : problem(wrong, 'cron');
  }
  const [hour, minute] = (entry.at as string).split(':').map(Number);
  const numbers = entry.days?.map((day) => WEEKDAYS.indexOf(day)).sort((a, b) => a - b);
  return { times: { cron: `${minute} ${hour} * * ${numbers ? [...new Set(numbers)].join(',') : '*'}`, timeZone } };
}

/**
 * The command line that every scheduler calls, as words.
 * @param fallback the command for `relval` if the file does not name one
 */
export function commandOf(
  { relval, name, file }: Pick<Nightly, 'relval' | 'name' | 'file'>,
  fallback: readonly string[],
): string[] {
  return [...(relval === undefined ? fallback : [relval]), 'run', name, '--nightly', file];
}
