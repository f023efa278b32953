import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import { InputError, type Problem } from '../input/input-error.ts';
import { parseYaml, readYaml, type YamlFile } from '../input/yaml-file.ts';
import type { Severity } from '../report/model.ts';
import { FINGERPRINTS } from './fingerprint.ts';
import { exceptionSchema, expressionSchema, scopeSchema } from './scope.ts';

/** A text that a line must contain. It has at least 3 bytes: shorter texts occur everywhere and make every scan slow. */
const literal = z
  .string()
  .refine((text) => Buffer.byteLength(text) >= 3, 'needs at least 3 characters')
  .refine((text) => Buffer.byteLength(text) <= 1000, 'has more than 1000 characters')
  .refine((text) => !/[\r\n]/.test(text), 'must not contain a line break: rules look at one line at a time');

/** Checks of a step that do not need its logs. */
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

/** Changes to a rule of an earlier file. */
const change = z.strictObject({
  ...logRule.partial().shape,
  id: common.id,
  contains: z.undefined().optional(),
  above: percentage.optional(),
});

/** Its keys decide which of the three it is, so that its mistakes are those of that schema only. */
const anyRule = z.record(z.string(), z.unknown()).transform((raw, context): AnyRule | Changed => {
  const schema = 'check' in raw ? stepRule : 'contains' in raw ? logRule : change;
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  context.issues.push(...parsed.error.issues.map((issue) => ({ ...issue, input: raw }) as z.core.$ZodRawIssue));
  return z.NEVER;
});

const file = z.strictObject({ rules: z.array(anyRule) });

/** The schema of a file that may have rules and sections of other kinds of checks. It must have at least one of them. */
function fileWith(sections: readonly string[]) {
  const others = Object.fromEntries(sections.map((name) => [name, z.unknown().optional()]));
  return z.strictObject({ ...others, rules: z.array(anyRule).optional() }).superRefine((data, context) => {
    if (Object.keys(data).length > 0) return;
    context.addIssue({ code: 'invalid_type', expected: 'array', path: ['rules'], input: undefined });
  });
}
type Changed = z.infer<typeof change>;

type AnyRule = z.infer<typeof logRule> | z.infer<typeof stepRule>;
/** A rule that is not switched off. */
type Used<Rule> = Omit<Rule, 'severity'> & { severity: Severity };

/**
 * A rule for lines of logs.
 * - `id`: names the rule in findings. A rule of a later file with the same id replaces it. If the later rule has neither
 *   `contains` nor `check`, it changes this one: its keys replace those here, and its exceptions are added
 * - `contains`: texts of which a line must contain one, letter by letter. They alone find the line, which makes scanning fast
 * - `anyCase`: `contains` ignores the difference between capitals and small letters
 * - `matches`: regular expression that the line must match as well; `unless`: one that it must not match
 * - `means`, `meansNot`, `examples`, `counterExamples`: for people and for tests; docs/checks.md is made from them
 * - `severity`: an error fails the step; `off`: the rule is not used
 * - `stages`, `files`: globs (`*`, `?`) of the stages and log files to which it applies; a file by its path or base name
 * - `tolerate`: this number of lines is expected in a step: up to it they are `info`; with more, all of them count
 * - `except`: known lines that are excused: they are `info`, with reason and owner, through the day `until` (UTC)
 * - `partOf`: checks of the step. If one of them also found something, both are one finding, with the place of this line
 * - `after`: ids of rules. A line just behind a line of these rules only repeats it, and is no finding
 * - `trace`: the calls of a stack trace behind the line belong to the finding, and are part of its fingerprint
 */
export type LogRule = Used<z.infer<typeof logRule>>;

/**
 * A rule for how a step ended. `files` are names of its outputs. `above` is a share of the time limit or of the memory that
 * the stage asks for. The other keys are as in a LogRule; `contains` and `matches` of an exception are compared with the
 * finding's message.
 */
export type StepRule = Used<z.infer<typeof stepRule>>;

export interface Rules {
  logs: LogRule[];
  steps: StepRule[];
}

/**
 * The built-in rule files in validation/checks/rules/, one for each software. If a line matches two rules of the same
 * severity, it belongs to the rule that is read first.
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
  'services',
  'languages',
  'generic',
  'step',
] as const;

/** The path of a built-in rule file. */
export function builtInRulesFile(name: (typeof RULE_FILES)[number]): string {
  return createRequire(import.meta.url).resolve(`release-validation/validation/checks/rules/${name}.yaml`);
}

/**
 * Reads the built-in rules, then the YAML files `files` in order.
 * @param sections names of sections in `files` that other code reads
 * @throws {InputError} with every mistake of a file, each with file, line and column
 */
export function loadRules(files: readonly string[] = [], sections: readonly string[] = []): Rules {
  builtIn ??= compiledRules() ?? readBuiltIn();
  return byKind(readAll(files, builtIn, sections));
}

/** The built-in rules are read once, because a run needs them several times. */
let builtIn: ReadonlyMap<string, AnyRule> | undefined;

const readBuiltIn = () => readAll(RULE_FILES.map(builtInRulesFile));

/** The file beside the bundled program that has the built-in rules in a form that is read quickly. */
export const COMPILED_RULES = 'built-in-rules.json';

/** The keys of a rule whose values are regular expressions. */
const EXPRESSIONS: readonly string[] = ['matches', 'unless'];

/** The content of COMPILED_RULES. The build checks the rules, so that a run need not do it. */
export function compileRules(): string {
  return JSON.stringify([...readBuiltIn()], (_, value: unknown) => (value instanceof RegExp ? value.source : value));
}

/** undefined where there is no such file: in a checkout without its build. */
function compiledRules(): ReadonlyMap<string, AnyRule> | undefined {
  const path = join(import.meta.dirname, COMPILED_RULES);
  return existsSync(path) ? decompileRules(readFileSync(path, 'utf8')) : undefined;
}

/** The rules by their ids. @param compiled from compileRules */
export function decompileRules(compiled: string): ReadonlyMap<string, AnyRule> {
  const revive = (key: string, value: unknown) =>
    EXPRESSIONS.includes(key) && typeof value === 'string' ? new RegExp(value, 'u') : value;
  return new Map(JSON.parse(compiled, revive) as [string, AnyRule][]);
}

/** @throws {InputError} with every problem of a file */
function readAll(
  files: readonly string[],
  before: ReadonlyMap<string, AnyRule> = new Map(),
  sections: readonly string[] = [],
): Map<string, AnyRule> {
  const rules = new Map(before);
  const schema = fileWith(sections);
  for (const path of files) addRules(readYaml(path, schema, 'rules'), rules);
  return rules;
}

/**
 * Reads the rules of one YAML text. `name` is its name in errors.
 * @throws {InputError} with every problem
 */
export function parseRules(name: string, text: string): Rules {
  const rules = new Map<string, AnyRule>();
  addRules(parseYaml({ file: name, text }, file), rules);
  return byKind(rules);
}

/** Separates log rules and step rules, and drops those that are off. */
function byKind(rules: ReadonlyMap<string, AnyRule>): Rules {
  const used: Rules = { logs: [], steps: [] };
  for (const rule of rules.values()) {
    const { severity } = rule;
    if (severity === 'off') continue;
    if ('check' in rule) used.steps.push({ ...rule, severity });
    else used.logs.push({ ...rule, severity });
  }
  return used;
}

/** @throws {InputError} with every problem */
function addRules(
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
 * The fixed strings that a worker searches for with `grep -F`, because it has no relval. They are the texts of errors only,
 * because warnings may occur in every second line. `matches`, scope and exceptions are left out. A rule with `anyCase` gives
 * its text as it is, in small letters and in capitals.
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
 * A digest of a set of rules. Two runs with the same digest can be compared without another search of their logs. Texts for
 * people are left out.
 */
export function digestOf(rules: Rules): string {
  const content = JSON.stringify([FINGERPRINTS, rules.logs, rules.steps], (key, value: unknown) => {
    if (value instanceof RegExp) return value.source;
    return FOR_PEOPLE.includes(key) ? undefined : value;
  });
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

const FOR_PEOPLE: readonly string[] = ['means', 'meansNot', 'examples', 'counterExamples'];
