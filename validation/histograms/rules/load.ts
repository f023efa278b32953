import { z } from 'zod';
import type { Section } from '../../checks/kind.ts';
import { InputError, type Problem } from '../../input/input-error.ts';
import { parseYaml, readYaml, type YamlFile } from '../../input/yaml-file.ts';
import { TEST_NAMES } from '../result.ts';
import type { Rule } from './match.ts';

const globs = z.array(z.string().min(1)).min(1);

/** Keys that apply to objects: a rule that has one of them needs the key `objects`. */
const ABOUT_OBJECTS = ['ignore', 'critical', 'tests', 'alpha', 'size', 'range', 'owner', 'eventCounter'] as const;

const rule = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'must be small letters, digits and hyphens'),
  stages: globs.optional(),
  files: globs.optional(),
  objects: globs.optional(),
  compare: z.boolean().optional(),
  ignore: z
    .strictObject({
      reason: z.string().min(1),
      owner: z.string().min(1),
      until: z.iso.date('must be a day such as 2030-01-31').optional(),
    })
    .optional(),
  critical: z.boolean().optional(),
  tests: z.array(z.enum(TEST_NAMES)).min(1).optional(),
  alpha: z.number().gt(0).max(0.1, 'must be 0.1 at most').optional(),
  size: z.number().min(0).max(10).optional(),
  range: z
    .tuple([z.number(), z.number()], 'must be two numbers: from, to')
    .refine(([from, to]) => from < to, 'must go from the smaller number to the larger')
    .optional(),
  owner: z.string().min(1).optional(),
  eventCounter: z
    .union([z.boolean(), z.strictObject({ bin: z.union([z.string().min(1), z.int().min(1)]) })])
    .optional(),
});

/** The section `histograms` of a rule file. */
export const sectionSchema = z.array(rule);

/** Rules for logs may be in the same file. */
const file = z.strictObject({ histograms: sectionSchema.default([]), rules: z.unknown().optional() });

/**
 * Reads rules for histograms from YAML files, in order. A rule with the id of an earlier rule changes that rule: its keys
 * replace those of the earlier one.
 * @throws {InputError} with every mistake of a file, each with file, line and column
 */
export function loadHistogramRules(files: readonly string[]): Rule[] {
  return mergeSections(files.map((path) => sectionOf(readYaml(path, file, 'rules'))));
}

/** Like loadHistogramRules, for one text. `name` is its name in errors. */
export function parseHistogramRules(name: string, text: string): Rule[] {
  return mergeSections([sectionOf(parseYaml({ file: name, text }, file))]);
}

/** Like loadHistogramRules, for sections that were already read. */
export function mergeSections(sections: readonly Section<z.infer<typeof sectionSchema>>[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const section of sections) addRules(section, rules);
  return [...rules.values()];
}

function sectionOf({ data, at }: YamlFile<z.infer<typeof file>>): Section<z.infer<typeof sectionSchema>> {
  return { data: data.histograms, at: (path, key) => at(['histograms', ...path], key) };
}

/** @throws {InputError} with every problem */
function addRules({ data, at }: Section<z.infer<typeof sectionSchema>>, rules: Map<string, Rule>): void {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const [index, own] of data.entries()) {
    const path = [index];
    if (seen.has(own.id)) problems.push({ message: `rule ${own.id} is defined twice`, at: at([...path, 'id']) });
    seen.add(own.id);
    const whole: Rule = { ...rules.get(own.id), ...own };
    const about = ABOUT_OBJECTS.find((key) => whole[key] !== undefined);
    if (about && !whole.objects) {
      problems.push({
        message: `${own.id}: '${about}' needs the key 'objects'`,
        at: at([...path, about], true),
      });
    }
    if (!about && whole.compare === undefined) {
      const wanted = ['compare', ...ABOUT_OBJECTS].map((key) => `'${key}'`).join(', ');
      problems.push({ message: `${own.id}: the rule has no effect; it needs one of ${wanted}`, at: at(path) });
    }
    rules.set(own.id, whole);
  }
  if (problems.length > 0) throw new InputError(problems);
}
