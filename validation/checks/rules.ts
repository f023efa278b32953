import { createRequire } from 'node:module';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { InputError, type Problem, readText } from '../jdl/problem.ts';

/** A regular expression as text; the compiled one is kept. Matches on one line, cut to some thousand characters. */
const expression = z.string().transform((text, context) => {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

/** Text that a line must hold. Three bytes at least: shorter ones are everywhere, and slow every scan. */
const literal = z
  .string()
  .refine((text) => Buffer.byteLength(text) >= 3, 'needs at least 3 characters')
  .refine((text) => Buffer.byteLength(text) <= 1000, 'has more than 1000 characters')
  .refine((text) => !text.includes('\n'), 'must not hold a line break: every line is looked at alone');

const exception = z
  .strictObject({
    contains: z.string().min(1).optional(),
    matches: expression.optional(),
    reason: z.string().min(1),
    owner: z.string().min(1),
    until: z.iso.date().optional(),
  })
  .refine((e) => e.contains !== undefined || e.matches !== undefined, 'needs contains or matches');

const rule = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be small letters, digits and hyphens'),
  contains: z
    .union([literal, z.array(literal).min(1)])
    .transform((value) => (typeof value === 'string' ? [value] : value)),
  matches: expression.optional(),
  severity: z.enum(['error', 'warning', 'info']),
  stages: z.array(z.string().min(1)).min(1).optional(),
  files: z.array(z.string().min(1)).min(1).optional(),
  tolerate: z.int().min(1).optional(),
  except: z.array(exception).optional(),
});

const schema = z.strictObject({ rules: z.array(rule) });

/**
 * One thing to look for in logs.
 * - `id`: names it in findings; a later file's rule of the same id replaces it
 * - `contains`: text of which a line must hold one, letter by letter; this alone finds the line, so that scanning is fast
 * - `matches`: regular expression that the line must match as well
 * - `severity`: an error fails the step
 * - `stages`, `files`: globs (`*`, `?`) of the stages and log files it is for; a file by its path or its base name
 * - `tolerate`: so many lines in a step are expected; only from one more on do they count, before they are `info`
 * - `except`: lines that are known and excused: `info`, with reason and owner, through the day `until` (UTC)
 */
export type Rule = z.infer<typeof rule>;
export type Exception = z.infer<typeof exception>;

/** The built-in set. */
export function builtInRulesFile(): string {
  return createRequire(import.meta.url).resolve('release-validation/validation/checks/known-errors.yaml');
}

/**
 * Reads rules from YAML files, the built-in set first, then `files` in order.
 * @throws {InputError} with every problem of a file, each with file, line and column
 * @throws {Error} when a file cannot be read
 */
export function loadRules(files: readonly string[] = []): Rule[] {
  const rules = new Map<string, Rule>();
  for (const file of [builtInRulesFile(), ...files]) {
    for (const one of parseRules(file, readText(file).text)) rules.set(one.id, one);
  }
  return [...rules.values()];
}

/**
 * Rules of one YAML text. `file` names it in errors.
 * @throws {InputError} with every problem
 */
export function parseRules(file: string, text: string): Rule[] {
  const source = { file, text };
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const at = (offset: number): NonNullable<Problem['at']> => {
    const { line, col } = counter.linePos(offset);
    return { source, line, column: col };
  };
  if (document.errors.length > 0) {
    throw new InputError(
      document.errors.map((e) => ({ message: e.message.split('\n')[0] ?? e.message, at: at(e.pos[0]) })),
    );
  }
  const parsed = schema.safeParse(document.toJS());
  const problems: Problem[] = [];
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      problems.push({
        message: `${issue.path.join('.') || 'rules file'}: ${issue.message}`,
        at: at(offsetOf(document, issue.path)),
      });
    }
  }
  const rules = parsed.data?.rules ?? [];
  for (const [index, one] of rules.entries()) {
    const first = rules.findIndex((other) => other.id === one.id);
    if (first === index) continue;
    problems.push({
      message: `rules.${index}.id: ${one.id} is used twice`,
      at: at(offsetOf(document, ['rules', index, 'id'])),
    });
  }
  if (problems.length > 0) throw new InputError(problems);
  return rules;
}

/** Where the nearest node on the path begins: a missing key is reported at the map that lacks it. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    const range = (node as { range?: [number, number, number] } | undefined)?.range;
    if (range) return range[0];
  }
  return 0;
}

/**
 * The texts to look for on a worker, where only grep is: fixed strings, so `grep -F`. A rule's `matches`, scope and
 * exceptions are not in them: what such a grep finds is at least what the rules find.
 */
export function patternsForGrep(rules: readonly Rule[]): string[] {
  return [...new Set(rules.flatMap((one) => one.contains))];
}
