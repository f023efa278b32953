import { readFileSync } from 'node:fs';

/** What to do where no port is free. */
export const SHOW_PORTS = 'This command shows which processes use the ports: ss -tanp';

/** Why a makeflow that found no free port has ended. */
export const FOUND_NO_PORT = `makeflow found no free port. ${SHOW_PORTS}`;

/**
 * Whether a makeflow that has ended found no port, by its last words. Debian 12's makeflow takes the first port that it can bind,
 * and listens a moment later. Of two that start in the same moment one finds its port taken then, or both do, and ends.
 * @param stderr the file of what it said
 */
export function foundNoPort(stderr: string): boolean {
  const lastWords = readFileSync(stderr, 'utf8').trimEnd().split('\n').slice(-3);
  return lastWords.some((line) => line.includes('Could not create work_queue on port'));
}
