import { type Context, createContext, Script } from 'node:vm';

/**
 * Regular expressions of users run here, so that none of them can keep a command for ever. JavaScript's engine tries one
 * way after the other, and an expression such as `(a+)+$` has more ways than the universe has seconds. Engines without
 * that weakness (RE2) know neither look-around nor references, which Python's `re` and our rules have. So the engine stays,
 * and Node's `vm` module ends it after a time: that costs some 0.1 ms a call, so callers put many lines into one.
 */

/**
 * When a call is ended, ms. Only time on a processor counts: a machine may be busy, or stand still. So a call that was ended
 * with less than `enough` is begun again, until all calls together had `enoughInAll`.
 */
export interface Limits {
  limit: number;
  enough: number;
  enoughInAll: number;
}

/** A million lines of a log and a usual expression take a fraction of it. */
export const FOR_LOGS: Limits = { limit: 3000, enough: 1000, enoughInAll: 2000 };

/** The expression takes too long. */
export class TooSlow extends Error {
  constructor() {
    super('takes too long: it tries too many ways to match');
  }
}

/** The work was ended, but the time had gone elsewhere: it can be begun again. */
export class Starved extends Error {
  constructor() {
    super('this machine had no time for it');
  }
}

let context: (Context & { work?: () => unknown }) | undefined;
const CALL = new Script('work()');

/**
 * Does work that evaluates regular expressions of users, within the limit. It may be ended at any place, without its
 * `finally`, and begun again: so what it has changed must not be used when this throws, or, if it is repeatable, at all.
 * @param repeatable false: `Starved` is thrown instead of a new beginning
 * @throws TooSlow; Starved; what the work throws
 */
export function bounded<T>(work: () => T, repeatable = true, limits: Limits = FOR_LOGS): T {
  const begin = processorMs();
  for (;;) {
    const before = processorMs();
    try {
      return call(work, limits.limit);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    }
    const now = processorMs();
    if (now - before > limits.enough || now - begin > limits.enoughInAll) throw new TooSlow();
    if (!repeatable) throw new Starved();
  }
}

function call<T>(work: () => T, timeout: number): T {
  context ??= createContext({});
  const outer = context.work;
  context.work = work;
  try {
    return CALL.runInContext(context, { timeout }) as T;
  } finally {
    if (outer) context.work = outer;
    else delete context.work;
  }
}

/** What this process has had of the processors. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
