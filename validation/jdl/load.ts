import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { formatProblem, JdlError, Lines, type Problem, readText, type Source } from '../input/input-error.ts';
import { KNOWN } from '../input/spelling.ts';
import { evaluate } from './expression.ts';
import { type Item, parseJdl, type Statement, type Value } from './parse.ts';
import { append, applyStatements, applySuffix, Refused } from './suffix.ts';

/** Keys and values after overrides and suffixes, and the files that they come from. */
export interface Jdl {
  /** The JDL as the user named it. */
  file: string;
  values: Map<string, Value>;
  /** Files that were read, in order. */
  files: string[];
  warnings: string[];
}

export interface JdlOptions {
  /** Further override files, read after `NAME_override.jdl`. */
  overrides?: readonly string[];
  /** `KEY=VALUE`, applied last: the key gets this value, whatever the files and their suffixes contain. KEY may have a suffix. */
  set?: readonly string[];
  /** `KEY=VALUE`: appended to the key's value, a text or a list; after `set`. */
  setAppend?: readonly string[];
  /** Arguments of `submit`: `$1`, `$2`, … in values. */
  arg?: readonly string[] | undefined;
  /** Skip malformed statements with a warning. The predecessor skips them without one. */
  lenient?: boolean;
}

/**
 * Reads `NAME.jdl`, then `NAME_override.jdl` beside it if there is one, then further overrides, and applies the
 * suffixes and the settings of the command line.
 * @throws {JdlError} with every problem found: unreadable or empty files, malformed statements, impossible suffixes,
 *   expressions in keys that relval uses
 */
export function loadJdl(file: string, options: JdlOptions = {}): Jdl {
  const beside = overrideOf(file);
  const files = [file, ...(existsSync(beside) ? [beside] : []), ...(options.overrides ?? [])];
  const statements: Statement[] = [];
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const path of files) {
    const source = readSource(path, warnings);
    const parsed = parseJdl(source, !options.lenient);
    if (path === file && parsed.statements.length === 0 && parsed.problems.length === 0) {
      throw new JdlError([{ message: `${path}: the file is empty` }]);
    }
    for (const statement of parsed.statements) statements.push(statement);
    problems.push(...parsed.problems);
  }
  const applied = applyStatements(statements);
  problems.push(...applied.problems);
  problems.push(...evaluate(applied.values, KNOWN));
  if (problems.length > 0 && !options.lenient) throw new JdlError(problems);
  warnings.push(...problems.map((problem) => `this statement was skipped: ${formatProblem(problem)}`));
  applySettings(applied.values, options);
  return { file, values: applied.values, files, warnings };
}

/** `gpmc.jdl` → `gpmc_override.jdl`. */
function overrideOf(file: string): string {
  const extension = extname(file);
  return `${file.slice(0, file.length - extension.length)}_override${extension}`;
}

function readSource(path: string, warnings: string[]): Source {
  try {
    const { text, latin1 } = readText(path);
    if (latin1) warnings.push(`${path}: the file is not UTF-8, so it was read as Latin-1`);
    return { file: path, text };
  } catch (error) {
    throw new JdlError([{ message: (error as Error).message }]);
  }
}

/**
 * Applies `--set` and `--set-append` to keys and values, in place.
 * @throws {JdlError} for settings that are not KEY=VALUE, or that do not fit the key's value
 */
export function applySettings(values: Map<string, Value>, options: JdlOptions): void {
  const problems: Problem[] = [];
  const apply = (
    flag: string,
    setting: string,
    change: (old: Value | undefined, value: Value, key: string) => Value,
  ) => {
    try {
      const [key, value] = parseSetting(flag, setting, values);
      values.set(key, change(values.get(key), value, key));
      applySuffix(values, key);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      problems.push({ message: `${flag} ${setting}: ${error.message}`, at: error.at });
    }
  };
  for (const setting of options.set ?? []) apply('--set', setting, (_old, value) => value);
  for (const setting of options.setAppend ?? []) {
    apply('--set-append', setting, (old, value, key) => append(key, old, value));
  }
  if (problems.length > 0) throw new JdlError(problems);
}

/**
 * The value of a setting is plain text. Written as a JDL string or list (`"…"`, `{ "…" }`) it is read as such. For
 * a key with a list, text is a list of one item.
 */
function parseSetting(flag: string, setting: string, values: Map<string, Value>): [string, Value] {
  const [, key, text] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(setting) ?? [];
  if (key === undefined || text === undefined) throw new Refused('expected KEY=VALUE');
  const source = { file: flag, text: setting };
  const at = new Lines(source).at(key.length + 1);
  if (/^\s*(\{.*\}|".*")\s*$/s.test(text)) {
    const parsed = parseJdl({ file: flag, text: `${setting};` });
    const [problem] = parsed.problems;
    if (problem) throw new Refused(problem.message, problem.at);
    const [statement] = parsed.statements;
    if (statement && parsed.statements.length === 1) return [key, statement.value];
  }
  const item: Item = { text, at };
  if (values.get(key)?.kind === 'list') return [key, { kind: 'list', items: [item], at }];
  return [key, { kind: 'string', text, at }];
}
