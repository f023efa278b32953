import { type Context, createContext, Script } from 'node:vm';

/**
 * Runs regular expressions of users with a time limit, so that none can block a command for ever. JavaScript's engine tries one
 * way to match after the other, and an expression such as `(a+)+$` has exponentially many ways. Engines without
 * this weakness (RE2) support neither look-around nor references, which Python's `re` and the rules use. So the engine stays,
 * and Node's `vm` module ends it after a time limit. That costs about 0.1 ms for each call, so callers put many lines into one call.
 */

/** Time limit for one call. A usual expression on a million lines takes a small part of it. */
const LIMIT_MS = 3000;
/**
 * Only processor time counts, because the machine may be busy or suspended. A call that was ended with less processor time than the first
 * value is started again, until all calls together have used the second.
 */
const ENOUGH_MS = 1000;
const ENOUGH_IN_ALL_MS = 2000;

/** The expression takes too long. */
export class TooSlow extends Error {
  constructor() {
    super('takes too long: it tries too many ways to match');
  }
}

/** The call was ended but had used little processor time: it can be started again. */
export class Starved extends Error {}

let context: (Context & { work?: () => unknown }) | undefined;
const CALL = new Script('work()');

/**
 * Calls a function that evaluates regular expressions of users, within the limit. It may be ended at any place, without its
 * `finally`, and started again. So do not use what it has changed if this throws or if it is repeatable.
 * @param repeatable false: throws `Starved` instead of starting again
 * @throws TooSlow; Starved; whatever the function throws
 */
export function bounded<T>(work: () => T, repeatable = true): T {
  const begin = processorMs();
  for (;;) {
    const before = processorMs();
    try {
      return call(work);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    }
    const now = processorMs();
    if (now - before > ENOUGH_MS || now - begin > ENOUGH_IN_ALL_MS) throw new TooSlow();
    if (!repeatable) throw new Starved();
  }
}

function call<T>(work: () => T): T {
  context ??= createContext({});
  const outer = context.work;
  context.work = work;
  try {
    return CALL.runInContext(context, { timeout: LIMIT_MS }) as T;
  } finally {
    if (outer) context.work = outer;
    else delete context.work;
  }
}

/** Processor time of this process. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
