import { z } from 'zod';
import { InputError, type Problem } from '../../input/input-error.ts';
import { parseYaml, readYaml, type YamlFile } from '../../input/yaml-file.ts';
import { TEST_NAMES } from '../result.ts';
import type { Rule } from './match.ts';

const globs = z.array(z.string().min(1)).min(1);

/** What is said about objects, and so needs to say about which. */
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

const file = z.strictObject({ histograms: z.array(rule) });
type File = z.infer<typeof file>;

/**
 * Reads rules about histograms from YAML files, in order. A rule of a later file whose id an earlier one has changes
 * that: the keys that it has hold.
 * @throws {InputError} with every problem of a file, each with file, line and column
 */
export function loadHistogramRules(files: readonly string[]): Rule[] {
  const rules = new Map<string, Rule>();
  for (const path of files) takeAll(readYaml(path, file, 'rules'), rules);
  return [...rules.values()];
}

/** As loadHistogramRules, of one text. `name` names it in errors. */
export function parseHistogramRules(name: string, text: string): Rule[] {
  const rules = new Map<string, Rule>();
  takeAll(parseYaml({ file: name, text }, file), rules);
  return [...rules.values()];
}

/** @throws {InputError} with every problem */
function takeAll({ data, at }: YamlFile<File>, rules: Map<string, Rule>): void {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const [index, own] of data.histograms.entries()) {
    const path = ['histograms', index];
    if (seen.has(own.id)) problems.push({ message: `a second rule ${own.id}`, at: at([...path, 'id']) });
    seen.add(own.id);
    const whole: Rule = { ...rules.get(own.id), ...own };
    const about = ABOUT_OBJECTS.find((key) => whole[key] !== undefined);
    if (about && !whole.objects) {
      problems.push({
        message: `${own.id}: '${about}' is about objects: 'objects' is missing`,
        at: at([...path, about], true),
      });
    }
    if (!about && whole.compare === undefined) {
      const wanted = ['compare', ...ABOUT_OBJECTS].map((key) => `'${key}'`).join(', ');
      problems.push({ message: `${own.id}: says nothing: needs one of ${wanted}`, at: at(path) });
    }
    rules.set(own.id, whole);
  }
  if (problems.length > 0) throw new InputError(problems);
}
