import { createRequire } from 'node:module';
import { z } from 'zod';
import { readYaml } from '../input/yaml-file.ts';
import { countTroubles } from '../report/groups.ts';
import type { Finding, Report } from '../report/model.ts';
import { coversFile, wildcardMatches } from '../workflow/scope.ts';
import { expressionSchema } from './scope.ts';

const globs = z.array(z.string().min(1)).default([]);

const component = z.strictObject({
  name: z.string().min(1),
  contacts: z.array(z.string().min(1)).optional(),
  messages: z.array(expressionSchema).default([]),
  files: globs,
  steps: globs,
});

const schema = z.strictObject({ components: z.array(component) });

/**
 * A detector, or another part that somebody looks after.
 * - `contacts`: who must look, in the words that the report is to show
 * - `messages`: regular expressions over the message and, of a crash, the calls that led there
 * - `files`: globs of log files, by path or base name; `steps`: globs of steps and stages
 */
export type Component = z.infer<typeof component>;

export function builtInComponentsFile(): string {
  return createRequire(import.meta.url).resolve('release-validation/validation/checks/components.yaml');
}

/**
 * Reads components, those of `file` first. One that both have is one: its contacts are those of `file`, and what either
 * says about where its findings are counts.
 * @throws {InputError} with every mistake and its place
 */
export function loadComponents(file?: string): Component[] {
  const all = new Map<string, Component>();
  for (const path of [...(file === undefined ? [] : [file]), builtInComponentsFile()]) {
    for (const one of readYaml(path, schema, 'components').data.components) {
      const before = all.get(one.name);
      all.set(one.name, before ? merge(before, one) : one);
    }
  }
  return [...all.values()];
}

function merge(first: Component, second: Component): Component {
  return {
    name: first.name,
    contacts: first.contacts ?? second.contacts,
    messages: [...first.messages, ...second.messages],
    files: [...first.files, ...second.files],
    steps: [...first.steps, ...second.steps],
  };
}

/**
 * Which component a finding concerns. What the message says counts more than the name of the log, and that more than the
 * step; of several, the first in the list. Undefined where nothing tells.
 */
export function componentOf(finding: Finding, components: readonly Component[]): string | undefined {
  const { message, trace = [], file, step, stage } = finding;
  // The innermost call says more than those that led there.
  const texts = [message, ...trace];
  for (const text of texts) {
    const named = components.find(({ messages }) => messages.some((expression) => expression.test(text)));
    if (named) return named.name;
  }
  const byFile =
    file === undefined ? undefined : components.find(({ files }) => files.length > 0 && coversFile({ files }, file));
  const byStep = components.find(({ steps }) =>
    steps.some((glob) => wildcardMatches(glob, step) || wildcardMatches(glob, stage)),
  );
  return (byFile ?? byStep)?.name;
}

/** Those components that errors or warnings are about, with their contacts; those with new errors first, then by errors. */
export function summarizeComponents(
  findings: readonly Finding[],
  components: readonly Component[],
): NonNullable<Report['components']> {
  const rows = components.map(({ name, contacts }) => {
    const own = findings.filter((finding) => finding.component === name);
    const errors = own.filter(({ severity }) => severity === 'error');
    return {
      name,
      contacts: contacts ?? [],
      errors: countTroubles(errors),
      newErrors: countTroubles(errors.filter(({ age }) => age === 'new')),
      warnings: countTroubles(own.filter(({ severity }) => severity === 'warning')),
    };
  });
  return rows
    .filter(({ errors, warnings }) => errors + warnings > 0)
    .sort((a, b) => b.newErrors - a.newErrors || b.errors - a.errors || b.warnings - a.warnings);
}
