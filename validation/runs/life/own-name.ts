import { lookup } from 'node:dns/promises';
import { hostname } from 'node:os';

/**
 * Why workers of a cluster may not find this machine, to which they send the lines of running steps; undefined: its name is known
 * here. A lookup without an answer takes seconds.
 */
export async function unknownName(name: string = hostname()): Promise<string | undefined> {
  try {
    await lookup(name);
    return undefined;
  } catch {
    return `the name of this machine, ${name}, has no address here. If workers do not know it either, the log of a step comes only when the step has ended; --log-address HOST gives them another name or an address`;
  }
}
