import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseHostPort } from '../../../framework/net/address.ts';
import { policyNames } from '../../checks/policies.ts';
import { isXrootd } from '../../files/places.ts';
import { InputError } from '../../input/input-error.ts';
import type { InputArguments } from '../../workflow/plan-input.ts';
import { LOG_ADDRESS } from '../execution/streams.ts';
import { parseSecrets } from '../inputs/secrets.ts';
import { type CriteriaChoice, checkChoice } from '../judging/criteria.ts';
import { type RunRequest, runRequestSchema } from '../store/record.ts';
import type { RunStore } from '../store/store.ts';
import { checkContainers } from './containers.ts';
import { passwordOf } from './password.ts';

/** Where the steps of a run will run, from flags or a nightly. */
export interface WantedPlace {
  local: boolean;
  /** `HOST:PORT` of a cluster's catalog. */
  catalog?: string | undefined;
  /** With `catalog`: file with the password of the workers. */
  password?: string | undefined;
  /** Default: Work Queue. */
  batch?: RunRequest['batch'];
  /** With HTCondor. */
  schedd?: string | undefined;
  pool?: string | undefined;
  /** `HOST[:PORT]` at which workers reach this machine. */
  logAddress?: string | undefined;
  containerizer?: RunRequest['containerizer'];
  image?: string | undefined;
  volume?: string[] | undefined;
}

/** The criteria for the verdict, from flags: files and runs may be abbreviated. */
export interface WantedCriteria {
  rules?: string[] | undefined;
  policy?: string | undefined;
  components?: string | undefined;
  reference?: string | undefined;
  referenceFiles?: string[] | undefined;
}

/** A requested run: from flags, from REST, or from a nightly. */
export interface WantedRun extends InputArguments, WantedPlace, WantedCriteria {
  /** Directory of runs. */
  runs: string;
  name?: string | undefined;
  /** The run whose outputs are used for the stages that do not run. */
  from?: string | undefined;
  retries?: number | undefined;
  /** `NAME` or `NAME=FILE` each. */
  secret: string[];
  /** Bytes, or a size such as `100M`. */
  logLimit?: string | undefined;
  jira?: string | undefined;
}

/**
 * The request in a run's record.
 * @param warn gets warnings about accepted dangers
 * @throws InputError with the name of the wrong flag
 */
export function requestOf(
  wanted: WantedRun,
  store: RunStore,
  nightly: RunRequest['nightly'],
  warn: (message: string) => void,
): RunRequest {
  checkPlace(wanted);
  if (wanted.from !== undefined && wanted.startAt === undefined && wanted.only === undefined)
    throw new InputError([{ message: '--from RUN needs --start-at STAGE or --only STEP' }]);
  const request = parseRequest({
    ...wanted,
    password: passwordOf(wanted, wanted.secret.length > 0, warn),
    input: resolve(wanted.input),
    secrets: parseSecrets(wanted.secret),
    logLimit: wanted.logLimit === undefined ? undefined : parseLogLimit(wanted.logLimit),
    cwd: process.cwd(),
    ...(wanted.workflow !== undefined && { workflow: resolve(wanted.workflow) }),
    from: wanted.from === undefined ? undefined : store.find(wanted.from).path,
    nightly,
    ...chosenCriteria(wanted, store),
  });
  checkChoice(request);
  return request;
}

/** @throws InputError for a flag that was given twice, or an invalid number */
function parseRequest(flags: Record<string, unknown>): RunRequest {
  const parsed = runRequestSchema.safeParse(flags);
  if (parsed.success) return parsed.data;
  throw new InputError(
    parsed.error.issues.map(({ path, message }) => ({ message: `--${flagName(path.join('.'))}: ${message}` })),
  );
}

const flagName = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** @throws InputError unless exactly one of this machine and a cluster is chosen, and for an invalid address */
export function checkPlace(wanted: WantedPlace): void {
  const { local, catalog, logAddress, batch, schedd, pool } = wanted;
  const refuse = (message: string): never => {
    throw new InputError([{ message }]);
  };
  if (batch === 'condor') {
    const both = Object.entries({ local, catalog, password: wanted.password }).find(([, value]) => value);
    if (both) refuse(`--batch condor and --${both[0]} exclude each other: HTCondor runs the steps`);
  } else {
    if (schedd !== undefined || pool !== undefined)
      refuse(`--${schedd === undefined ? 'pool' : 'schedd'} needs --batch condor`);
    if (local === (catalog !== undefined)) refuse('use --local, --catalog HOST:PORT or --batch condor');
  }
  if (schedd !== undefined && !/^[\w.@+-]+$/.test(schedd))
    refuse(`--schedd ${schedd}: expected a name as condor_status -schedd shows it`);
  if (pool !== undefined && !/^[\w.[\]:-]+$/.test(pool)) refuse(`--pool ${pool}: expected HOST or HOST:PORT`);
  if (catalog !== undefined && !parseHostPort(catalog))
    throw new InputError([{ message: `--catalog ${catalog}: expected HOST:PORT` }]);
  if (logAddress !== undefined && !LOG_ADDRESS.test(logAddress))
    throw new InputError([{ message: `--log-address ${logAddress}: expected HOST or HOST:PORT` }]);
  checkContainers(wanted);
}

/** The criteria from the flags, with full paths of files and runs. @throws InputError for an unknown run */
export function chosenCriteria(wanted: WantedCriteria, store: RunStore): CriteriaChoice {
  const { rules, policy, components, reference, referenceFiles } = wanted;
  const isFile = policy !== undefined && !policyNames().includes(policy) && existsSync(policy);
  return {
    ...(rules && { rules: rules.map((file) => resolve(file)) }),
    ...(policy !== undefined && { policy: isFile ? resolve(policy) : policy }),
    ...(components !== undefined && { components: resolve(components) }),
    ...(reference !== undefined && { reference: store.find(reference).path }),
    ...(referenceFiles && { referenceFiles: referenceFiles.map((one) => (isXrootd(one) ? one : resolve(one))) }),
  };
}

/** @throws InputError for a name that cannot be a part of a directory's and a project's name */
export function checkName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]{0,99}$/.test(name)) return name;
  throw new InputError([
    {
      message: `--name ${JSON.stringify(name)}: expected letters, digits, ".", "_" and "-", beginning with a letter or digit`,
    },
  ]);
}

const UNITS = ['', 'K', 'M', 'G'];
/** Bytes. A shorter log would not be useful. */
const SMALLEST_LOG = 4096;

/** `100M`, `1G`, `4096`: bytes, in units of 1024. @throws InputError */
function parseLogLimit(text: string): number {
  const [, number, unit = ''] = /^(\d+)([KMG]?)$/i.exec(text) ?? [];
  const bytes = Number(number) * 1024 ** UNITS.indexOf(unit.toUpperCase());
  if (bytes >= SMALLEST_LOG && bytes <= Number.MAX_SAFE_INTEGER) return bytes;
  throw new InputError([{ message: `--log-limit ${text}: expected a size of at least 4K, such as 100M` }]);
}
