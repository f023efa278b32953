import { createHash } from 'node:crypto';

/**
 * A name that needs no quoting in a Makeflow file, in a command or in makeflow's log. Two hyphens side by side are an
 * option for makeflow's lexer, wherever they stand in a name.
 */
const SAFE = /^(?!.*--)[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** What every step leaves beside its payload's outputs, each as `<id>.<name>`. */
export const STEP_FILES = ['result.json', 'stdout.log', 'stderr.log', 'logs', 'validation_report.txt'] as const;

/** The name as it is, or, where it is not safe, with other characters replaced and a hash of it that keeps names apart. */
export function safeName(name: string): string {
  if (SAFE.test(name) && name.length <= 128) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${hash}-${name.slice(-64).replace(/[^A-Za-z0-9._]/g, '_')}`;
}

/** Where a file that a step hands on, or one of STEP_FILES, stands in makeflow's directory. */
export function stepFile(step: string, file: string): string {
  return `${step}.${safeName(file)}`;
}

/**
 * Environment variable that tells steps who receives their live logs, as `HOST:PORT`. It goes from makeflow's environment
 * to theirs, not through a file: it changes from one start of makeflow to the next.
 */
export const LOGS_VARIABLE = 'RELVAL_LOGS';

/** Environment variable with the token by which the receiver knows a step. Each step has its own, from the Makeflow file. */
export const TOKEN_VARIABLE = 'RELVAL_TOKEN';

/** Environment variable with what relval-step.sh masks in what it writes itself: a text a line. */
export const MASKS_VARIABLE = 'RELVAL_MASKS';

/**
 * Value of LOGS_VARIABLE.
 * @param token of the run, for steps that have none of their own; without white space and colons
 */
export function logsAddress(host: string, port: number, token?: string): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}${token === undefined ? '' : `:${token}`}`;
}
