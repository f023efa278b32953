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
 * Environment variable that tells steps who receives their live logs. It goes from makeflow's environment to theirs, not
 * through a file: it changes from one start of makeflow to the next, and a changed file would make rules run again.
 */
export const LOGS_VARIABLE = 'RELVAL_LOGS';

/** Its value. @param token without white space and colons */
export function logsAddress(host: string, port: number, token: string): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}:${token}`;
}
