import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { z } from 'zod';
import { InputError, type Problem } from '../input/input-error.ts';
import { parseYaml, readYaml, type YamlFile } from '../input/yaml-file.ts';
import type { Severity } from '../report/model.ts';
import { FINGERPRINTS } from './fingerprint.ts';
import { exceptionSchema, expressionSchema, scopeSchema } from './scope.ts';

/** Text that a line must hold. Three bytes at least: shorter ones are everywhere, and slow every scan. */
const literal = z
  .string()
  .refine((text) => Buffer.byteLength(text) >= 3, 'needs at least 3 characters')
  .refine((text) => Buffer.byteLength(text) <= 1000, 'has more than 1000 characters')
  .refine((text) => !text.includes('\n'), 'must not contain a line break: rules look at one line at a time');

/** What can be wrong with a step beside its logs. */
const CHECKS = [
  'exit-status',
  'signal',
  'core-dump',
  'missing-output',
  'empty-output',
  'vanished-output',
  'cut-off-output',
  'time-limit',
  'time',
  'memory',
] as const;
export type StepCheck = (typeof CHECKS)[number];

const sentence = z.string().min(1).optional();
const lines = z.array(z.string().min(1)).min(1).optional();

const common = {
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must consist of lower-case letters, digits and hyphens'),
  severity: z.enum(['error', 'warning', 'info', 'off']),
  means: sentence,
  meansNot: sentence,
  ...scopeSchema.shape,
  except: z.array(exceptionSchema).optional(),
};

const logRule = z.strictObject({
  ...common,
  contains: z
    .union([literal, z.array(literal).min(1)])
    .transform((value) => (typeof value === 'string' ? [value] : value)),
  anyCase: z.boolean().optional(),
  matches: expressionSchema.optional(),
  unless: expressionSchema.optional(),
  examples: lines,
  counterExamples: lines,
  tolerate: z.int().min(1).optional(),
  partOf: z.array(z.enum(CHECKS)).min(1).optional(),
  after: z.array(z.string()).min(1).optional(),
  trace: z.boolean().optional(),
});

const percentage = z
  .string('must be a percentage such as 90%')
  .regex(/^[1-9]\d{0,3}%$/, 'must be a percentage such as 90%')
  .transform((text) => Number.parseInt(text, 10) / 100);

const LIMITS: readonly string[] = ['time', 'memory'] satisfies (typeof CHECKS)[number][];

const stepRule = z
  .strictObject({ ...common, check: z.enum(CHECKS), above: percentage.optional() })
  .refine(({ check, above }) => LIMITS.includes(check) === (above !== undefined), {
    error: `'above' (a percentage) is needed for ${LIMITS.join(' and ')}, and not allowed for other checks`,
    path: ['check'],
  });

/** What a rule of an earlier file is to have instead. */
const change = z.strictObject({
  ...logRule.partial().shape,
  id: common.id,
  contains: z.undefined().optional(),
  above: percentage.optional(),
});

/** Which of the three it is, its keys say; so that its mistakes are told as those of its kind. */
const anyRule = z.record(z.string(), z.unknown()).transform((raw, context): AnyRule | Changed => {
  const schema = 'check' in raw ? stepRule : 'contains' in raw ? logRule : change;
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  context.issues.push(...parsed.error.issues.map((issue) => ({ ...issue, input: raw }) as z.core.$ZodRawIssue));
  return z.NEVER;
});

const file = z.strictObject({ rules: z.array(anyRule) });

/** A file that may also have sections of other kinds of checks, or nothing else. */
function fileWith(sections: readonly string[]) {
  const others = Object.fromEntries(sections.map((name) => [name, z.unknown().optional()]));
  return z.strictObject({ ...others, rules: z.array(anyRule).optional() }).superRefine((data, context) => {
    if (Object.keys(data).length > 0) return;
    context.addIssue({ code: 'invalid_type', expected: 'array', path: ['rules'], input: undefined });
  });
}
type Changed = z.infer<typeof change>;

type AnyRule = z.infer<typeof logRule> | z.infer<typeof stepRule>;
/** One that is not switched off. */
type Used<Rule> = Omit<Rule, 'severity'> & { severity: Severity };

/**
 * One thing to look for in logs.
 * - `id`: names it in findings; a later file's rule of the same id replaces it, or changes it where it has neither
 *   `contains` nor `check`: then the keys that it has hold, and its exceptions are added
 * - `contains`: text of which a line must hold one, letter by letter; this alone finds the line, so that scanning is fast
 * - `anyCase`: capitals and small letters are the same in `contains`
 * - `matches`: regular expression that the line must match as well; `unless`: one that it must not match
 * - `means`, `meansNot`, `examples`, `counterExamples`: for people and for tests; docs/checks.md is made from them
 * - `severity`: an error fails the step; `off`: the rule is not used
 * - `stages`, `files`: globs (`*`, `?`) of the stages and log files it is for; a file by its path or its base name
 * - `tolerate`: so many lines in a step are expected; only from one more on do they count, before they are `info`
 * - `except`: lines that are known and excused: `info`, with reason and owner, through the day `until` (UTC)
 * - `partOf`: where one of these is found of the step as well, it is the same trouble: one finding, with this place
 * - `after`: ids of rules; a line just behind one that these have found tells of the same trouble, and is no finding of its own
 * - `trace`: the calls of a stack trace behind the line belong to it: they tell one crash from another
 */
export type LogRule = Used<z.infer<typeof logRule>>;

/**
 * One thing to look for in how a step ended. `files` are its outputs' names; `above` the share of the time limit or of
 * the memory that the stage asks for; the rest is as in a LogRule, an exception's `contains` and `matches` being about the
 * finding's message.
 */
export type StepRule = Used<z.infer<typeof stepRule>>;

export interface Rules {
  logs: LogRule[];
  steps: StepRule[];
}

/**
 * The files of the built-in set, in validation/checks/rules/: a file for each software. Where a line is one of two rules of
 * the same severity, the one that is read first has it.
 */
export const RULE_FILES = [
  'root',
  'compilers',
  'runtime',
  'aliroot',
  'o2',
  'cmssw',
  'gaudi',
  'geant4',
  'xrootd',
  'python',
  'sanitizers',
  'system',
  'generic',
  'step',
] as const;

/** Path of a file of the built-in set. */
export function builtInRulesFile(name: (typeof RULE_FILES)[number]): string {
  return createRequire(import.meta.url).resolve(`release-validation/validation/checks/rules/${name}.yaml`);
}

/**
 * Reads rules from YAML files, the built-in set first, then `files` in order.
 * @param sections names of sections in `files` that others read
 * @throws {InputError} with every problem of a file, each with file, line and column
 */
export function loadRules(files: readonly string[] = [], sections: readonly string[] = []): Rules {
  builtIn ??= readAll(RULE_FILES.map(builtInRulesFile));
  return sort(readAll(files, builtIn, sections));
}

/** Read once: they are asked for several times in a run. */
let builtIn: ReadonlyMap<string, AnyRule> | undefined;

/** @throws {InputError} with every problem of a file */
function readAll(
  files: readonly string[],
  before: ReadonlyMap<string, AnyRule> = new Map(),
  sections: readonly string[] = [],
): Map<string, AnyRule> {
  const rules = new Map(before);
  const schema = fileWith(sections);
  for (const path of files) takeAll(readYaml(path, schema, 'rules'), rules);
  return rules;
}

/**
 * Rules of one YAML text. `name` names it in errors.
 * @throws {InputError} with every problem
 */
export function parseRules(name: string, text: string): Rules {
  const rules = new Map<string, AnyRule>();
  takeAll(parseYaml({ file: name, text }, file), rules);
  return sort(rules);
}

function sort(rules: ReadonlyMap<string, AnyRule>): Rules {
  const sorted: Rules = { logs: [], steps: [] };
  for (const rule of rules.values()) {
    const { severity } = rule;
    if (severity === 'off') continue;
    if ('check' in rule) sorted.steps.push({ ...rule, severity });
    else sorted.logs.push({ ...rule, severity });
  }
  return sorted;
}

/** @throws {InputError} with every problem */
function takeAll(
  { data, at }: YamlFile<{ rules?: (AnyRule | Changed)[] | undefined }>,
  rules: Map<string, AnyRule>,
): void {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const [index, rule] of (data.rules ?? []).entries()) {
    const path = ['rules', index];
    if (seen.has(rule.id)) problems.push({ message: `rule ${rule.id} is defined twice`, at: at([...path, 'id']) });
    seen.add(rule.id);
    if ('check' in rule || 'contains' in rule) {
      rules.set(rule.id, rule as AnyRule);
      continue;
    }
    const before = rules.get(rule.id);
    const message = `${rule.id}: there is no rule of this name to change; a new rule needs 'contains' or 'check'`;
    if (!before) problems.push({ message, at: at(path) });
    else
      rules.set(rule.id, { ...before, ...rule, except: [...(rule.except ?? []), ...(before.except ?? [])] } as AnyRule);
  }
  if (problems.length > 0) throw new InputError(problems);
}

/**
 * The texts to look for on a worker, where only grep is: fixed strings, so `grep -F`. They are those of errors: warnings may
 * be in every second line. A rule's `matches`, scope and exceptions are not in them. Of a rule for any case they are the
 * text as it is, in small letters and in capitals.
 */
export function patternsForGrep({ logs }: Rules): string[] {
  const errors = logs.filter(({ severity }) => severity === 'error');
  return [
    ...new Set(
      errors.flatMap(({ contains, anyCase }) =>
        anyCase ? contains.flatMap((text) => [text, text.toLowerCase(), text.toUpperCase()]) : contains,
      ),
    ),
  ];
}

/**
 * What tells one set of rules from another: two runs that were judged by the same one can be compared as they are. What is
 * only for people is left out.
 */
export function digestOf(rules: Rules): string {
  const said = JSON.stringify([FINGERPRINTS, rules.logs, rules.steps], (key, value: unknown) => {
    if (value instanceof RegExp) return value.source;
    return FOR_PEOPLE.includes(key) ? undefined : value;
  });
  return createHash('sha256').update(said).digest('hex').slice(0, 16);
}

const FOR_PEOPLE: readonly string[] = ['means', 'meansNot', 'examples', 'counterExamples'];
