import type { Need } from '../demand/demand.ts';
import type { JsonAd } from './ads.ts';
import { type Ad, evaluate } from './classad/evaluate.ts';
import { ClassAdError, type Expression, parseExpression } from './classad/parse.ts';
import { boolean, integer, numberOf, real, string, truthOf, type Value } from './classad/value.ts';

/** The attributes by which the schedd groups jobs: jobs with equal values are one group of its answer. */
export const GROUP_ATTRIBUTES = [
  'User',
  'JobStatus',
  'JobUniverse',
  'RequestCpus',
  'RequestMemory',
  'RequestDisk',
  'RequestGPUs',
  'Requirements',
  'RemoteHost',
] as const;

/** Jobs of one user in one state with the same requests. */
export interface JobGroup {
  user: string;
  /** 1 idle, 2 running, 3 removed, 4 completed, 5 held, 6 transferring output, 7 suspended. */
  status: number;
  /** 5 vanilla (also docker and container), 7 scheduler (DAGMan), 9 grid, 11 parallel, 12 local. */
  universe: number;
  count: number;
  /** Some of its jobs, as the schedd shows them: `84.0`, `2.0 ... 2.99`. */
  ids: string;
  /** The slot on which its job runs. */
  remoteHost?: string;
  /** The requests of its jobs: their attributes, and the attributes to which these refer, in the form of the JSON. */
  attributes: JsonAd;
}

/** Attributes that may differ between jobs with the same requests. */
const COUNTS: ReadonlySet<string> = new Set(['Id', 'JobCount', 'JobIds', 'User', 'JobStatus', 'RemoteHost']);

/** Reads an ad of `condor_q -group-by -json`. Undefined: it is not a group of jobs. */
export function groupOf(ad: JsonAd): JobGroup | undefined {
  const { User: user, JobStatus: status, JobUniverse: universe, JobCount: count, JobIds: ids, RemoteHost: host } = ad;
  if (typeof user !== 'string' || typeof status !== 'number' || typeof universe !== 'number') return undefined;
  return {
    user,
    status,
    universe,
    count: typeof count === 'number' ? count : 1,
    ids: typeof ids === 'string' ? shortened(ids) : '',
    attributes: Object.fromEntries(Object.entries(ad).filter(([name]) => !COUNTS.has(name))),
    ...(typeof host === 'string' && { remoteHost: host }),
  };
}

/** The needs of an idle group's jobs, or the reason why no worker of this framework can run them. */
export type Verdict = { need: Omit<Need, 'count'> } | { reason: string };

/** kB in a MB: `RequestDisk` counts in kB. */
const KILOBYTES = 1024;
/** Universes whose jobs run on slots of any owner. */
export const VANILLA = 5;
export const PARALLEL = 11;

/**
 * Decides what the jobs of a group need, and whether a worker of exactly that size would match them.
 * @param machine what our workers advertise, without their size
 */
export function judge({ universe, attributes }: JobGroup, machine: Ad, now: number): Verdict {
  if (universe === PARALLEL) return { reason: 'parallel jobs need slots of a dedicated scheduler' };
  let job: Ad;
  try {
    job = adOfJson(attributes);
    const asked = (name: string): number | undefined => numberFor(job, name, machine, now);
    const need = {
      category: 'default',
      cores: Math.max(1, asked('RequestCpus') ?? 1),
      memory: Math.ceil(Math.max(0, asked('RequestMemory') ?? 0)),
      disk: Math.ceil(Math.max(0, asked('RequestDisk') ?? 0) / KILOBYTES),
      gpus: asked('RequestGPUs') ?? 0,
    };
    const requirements = job.get('requirements');
    const why = requirements && unmetClause(requirements, job, machine, need, String(attributes.Requirements), now);
    return why === undefined ? { need } : { reason: why };
  } catch (error) {
    if (!(error instanceof ClassAdError)) throw error;
    return { reason: `the framework cannot compute what they need: ${error.message}` };
  }
}

/** The number that a job requests; undefined when it requests none, or one that depends on its slot. @throws ClassAdError */
function numberFor(job: Ad, name: string, machine: Ad, now: number): number | undefined {
  const expression = job.get(name.toLowerCase());
  if (!expression) return undefined;
  const value = evaluate(expression, job, machine, now);
  if (value.type === 'undefined') return undefined;
  const number = numberOf(value);
  if (number === undefined || !Number.isFinite(number)) {
    throw new ClassAdError(`${name} is ${shown(value)}, not a number`);
  }
  return number;
}

function shown(value: Value): string {
  return 'value' in value ? JSON.stringify(value.value) : value.type;
}

/** The first clause of the requirements that a worker of the needed size does not satisfy, as text. */
function unmetClause(
  requirements: Expression,
  job: Ad,
  machine: Ad,
  need: { cores: number; memory: number; disk: number; gpus: number },
  text: string,
  now: number,
): string | undefined {
  const size = { cpus: need.cores, memory: need.memory, disk: need.disk * KILOBYTES, gpus: need.gpus };
  const worker: Map<string, Expression> = new Map(machine);
  for (const [name, value] of Object.entries(size)) worker.set(name, literal(integer(value)));
  for (const clause of clausesOf(requirements)) {
    const value = evaluate(clause, job, worker, now);
    if (truthOf(value) === true) continue;
    const written = withoutExpr(text).slice(clause.start, clause.end);
    const found = value.type === 'boolean' ? 'is false' : `is ${shown(value)}`;
    return `${shortened(written)} ${found} for our workers`;
  }
  return undefined;
}

/** Longest text of an ad that is shown in full, characters. */
const SHOWN = 300;
const shortened = (text: string): string => (text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`);

/** The parts that must all be true for the whole to be true. */
function clausesOf(expression: Expression): Expression[] {
  if (expression.type !== 'binary' || expression.operator !== '&&') return [expression];
  return [...clausesOf(expression.left), ...clausesOf(expression.right)];
}

const EXPRESSION = /^\/Expr\((.*)\)\/$/s;
const withoutExpr = (text: string): string => EXPRESSION.exec(text)?.[1] ?? text;

const literal = (value: Value): Expression => ({ type: 'literal', value, start: 0, end: 0 });

/** An ad in JSON: expressions are strings of the form `/Expr(…)/`. @throws ClassAdError */
export function adOfJson(attributes: JsonAd): Ad {
  const ad = new Map<string, Expression>();
  for (const [name, value] of Object.entries(attributes)) {
    const expression = expressionOf(name, value);
    if (expression) ad.set(name.toLowerCase(), expression);
  }
  return ad;
}

function expressionOf(name: string, value: unknown): Expression | undefined {
  if (typeof value === 'number') return literal(Number.isInteger(value) ? integer(value) : real(value));
  if (typeof value === 'boolean') return literal(boolean(value));
  if (typeof value !== 'string') return undefined;
  const text = EXPRESSION.exec(value)?.[1];
  if (text === undefined) return literal(string(value));
  try {
    return expressionIn(text);
  } catch (error) {
    if (!(error instanceof ClassAdError)) throw error;
    throw new ClassAdError(`${name} ${error.message}`);
  }
}

/** Expressions by their text: most jobs of a queue have the same ones, and to read one takes longer than to evaluate it. */
const read = new Map<string, Expression>();
/** Most expressions that are kept, and the longest of them, characters. */
const KEPT = 1000;
const LONGEST_KEPT = 5000;

function expressionIn(text: string): Expression {
  const known = read.get(text);
  if (known) return known;
  const expression = parseExpression(text);
  if (read.size >= KEPT) read.clear();
  if (text.length <= LONGEST_KEPT) read.set(text, expression);
  return expression;
}
