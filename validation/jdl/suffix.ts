import type { Problem } from '../input/input-error.ts';
import type { Item, Statement, Value } from './parse.ts';
import { pythonSub, Untranslatable } from './pythonsub.ts';

const SUFFIX = /^(.*)_(append|override|replace)$/s;

/**
 * Turns statements, in the order of the files, into keys and values. Later assignments replace earlier ones; then `X_append`,
 * `X_override` and `X_replace` are applied in the order in which they first appear. It never throws: a suffix that cannot be
 * applied is a problem, and X is unchanged.
 */
export function applyStatements(statements: Iterable<Statement>): { values: Map<string, Value>; problems: Problem[] } {
  const values = new Map<string, Value>();
  const keyPositions = new Map<string, Problem['at']>();
  for (const { key, value, at } of statements) {
    values.set(key, value);
    keyPositions.set(key, at);
  }
  const problems: Problem[] = [];
  for (const key of [...values.keys()]) {
    try {
      applySuffix(values, key);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problems.push({ message: `${key}: ${error.message}`, at: error.at ?? keyPositions.get(key) });
    }
  }
  return { values, problems };
}

/**
 * Applies a key with a suffix to the key that it names, and removes it. Other keys are unchanged.
 * @returns the key that it names, or the key itself
 * @throws {Refused} when the suffix does not fit the value that it changes
 */
export function applySuffix(values: Map<string, Value>, key: string): string {
  const [, name, suffix] = SUFFIX.exec(key) ?? [];
  const value = values.get(key);
  if (!name || !value) return key;
  values.delete(key);
  if (suffix === 'append') values.set(name, append(name, values.get(name), value));
  else if (suffix === 'override') values.set(name, value);
  else values.set(name, replace(name, values.get(name), value));
  return name;
}

/** Thrown when a suffix or `--set-append` does not fit the value that it changes. */
export class Refused extends Error {
  readonly at: Problem['at'];

  constructor(message: string, at?: Problem['at']) {
    super(message);
    this.at = at;
  }
}

/**
 * Appends `value` to the key's value: texts are joined, lists extended, a missing key becomes `value`.
 * @throws {Refused} for a text and a list, or a list and a text
 */
export function append(key: string, old: Value | undefined, value: Value): Value {
  if (!old) return value;
  if (old.kind === 'list' && value.kind === 'list') return { ...old, items: [...old.items, ...value.items] };
  if (old.kind !== 'list' && value.kind !== 'list') return { kind: 'string', text: old.text + value.text, at: old.at };
  const [is, added] = old.kind === 'list' ? ['a list', 'a text'] : ['a text', 'a list'];
  throw new Refused(`${key} is ${is}, so ${added} cannot be appended to it`);
}

function replace(key: string, old: Value | undefined, value: Value): Value {
  if (value.kind !== 'list' || value.items.length !== 2) {
    throw new Refused('expected { "regular expression", "replacement" }', value.at);
  }
  if (old?.kind === 'list') throw new Refused(`${key} is a list, but _replace can change only texts`);
  const [pattern, template] = value.items as [Item, Item];
  try {
    return { kind: 'string', text: pythonSub(pattern.text, template.text, old?.text ?? ''), at: old?.at ?? value.at };
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    throw new Refused(error.message, (error.part === 'pattern' ? pattern : template).at);
  }
}
