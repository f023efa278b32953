import { createHash } from 'node:crypto';
import { formatHostPort } from '../../framework/net/address.ts';

/**
 * A name that needs no quoting in a Makeflow file, in a command or in makeflow's log. Makeflow's lexer reads two hyphens
 * side by side as an option, wherever they are in a name.
 */
const SAFE = /^(?!.*--)[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/** The files of every step in addition to its payload's outputs, each as `<id>.<name>`. */
export const STEP_FILES = ['result.json', 'stdout.log', 'stderr.log', 'logs', 'validation_report.txt'] as const;

/** The name unchanged if it is safe; else with other characters replaced, and a hash of the name that keeps names different. */
export function safeName(name: string): string {
  if (SAFE.test(name) && name.length <= 128) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return `${hash}-${name.slice(-64).replace(/[^A-Za-z0-9._]/g, '_')}`;
}

/** The path in makeflow's directory of a file that a step hands on, or of one of STEP_FILES. */
export function stepFile(step: string, file: string): string {
  return `${step}.${safeName(file)}`;
}

/**
 * Environment variable with the `HOST:PORT` that receives live logs. It comes from makeflow's environment,
 * not from a file, because it changes from one start of makeflow to the next.
 */
export const LOGS_VARIABLE = 'RELVAL_LOGS';

/** Environment variable with the token by which the receiver recognises a step. Each step has its own, from the Makeflow file. */
export const TOKEN_VARIABLE = 'RELVAL_TOKEN';

/** Environment variable with the texts that relval-step.sh masks in its own output, one on each line. */
export const MASKS_VARIABLE = 'RELVAL_MASKS';

/**
 * The value of LOGS_VARIABLE.
 * @param token of the run, for steps that have no token of their own; without white space and colons
 */
export function logsAddress(host: string, port: number, token?: string): string {
  return `${formatHostPort({ host, port })}${token === undefined ? '' : `:${token}`}`;
}
