import { createRequire } from 'node:module';
import { z } from 'zod';
import { readYaml } from '../input/yaml-file.ts';
import { countDistinct } from '../report/groups.ts';
import type { Finding, Report } from '../report/model.ts';
import { coversFile, wildcardMatches } from '../workflow/scope.ts';
import { expressionSchema, firstMatching } from './scope.ts';

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
 * A detector, or another part of the software with people who are responsible for it.
 * - `contacts`: who is asked about it, as text for the report
 * - `messages`: regular expressions for the message and, for a crash, the calls of its stack trace
 * - `files`: globs of log files, by path or base name; `steps`: globs of steps and stages
 */
export type Component = z.infer<typeof component>;

export function builtInComponentsFile(): string {
  return createRequire(import.meta.url).resolve('release-validation/validation/checks/components.yaml');
}

/**
 * Reads the components of `file`, then the built-in ones. A component in both is merged: it has the contacts of `file` and
 * the patterns of both.
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
 * The component that a finding concerns: by its message, else by its log, else by its step. If several match, the first in
 * the list. Undefined if none matches.
 */
export function componentOf(finding: Finding, components: readonly Component[]): string | undefined {
  const { message, trace = [], file, step, stage } = finding;
  // The trace begins with the innermost call, which is closest to the error.
  const texts = [message, ...trace];
  const expressions = components.flatMap(({ messages }) => messages);
  for (const text of texts) {
    const expression = firstMatching(expressions, text);
    if (expression) return components.find(({ messages }) => messages.includes(expression))?.name;
  }
  const byFile =
    file === undefined ? undefined : components.find(({ files }) => files.length > 0 && coversFile({ files }, file));
  const byStep = components.find(({ steps }) =>
    steps.some((glob) => wildcardMatches(glob, step) || wildcardMatches(glob, stage)),
  );
  return (byFile ?? byStep)?.name;
}

/** The components that have errors or warnings, with their contacts. Sorted by new errors, then errors, then warnings. */
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
      errors: countDistinct(errors),
      newErrors: countDistinct(errors.filter(({ age }) => age === 'new')),
      warnings: countDistinct(own.filter(({ severity }) => severity === 'warning')),
    };
  });
  return rows
    .filter(({ errors, warnings }) => errors + warnings > 0)
    .sort((a, b) => b.newErrors - a.newErrors || b.errors - a.errors || b.warnings - a.warnings);
}
