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
 * Finds the component that a finding concerns: by its message, else by its log, else by its step. If several match, the first in
 * the list. Undefined if none matches. Many findings have the same message, so each text is examined once.
 */
export function componentFinder(components: readonly Component[]): (finding: Finding) => string | undefined {
  const expressions = components.flatMap(({ messages }) => messages);
  const known = new Map<string, string | undefined>();
  const byText = (text: string): string | undefined => {
    if (known.has(text)) return known.get(text);
    const expression = firstMatching(expressions, text);
    const name = expression && components.find(({ messages }) => messages.includes(expression))?.name;
    known.set(text, name);
    return name;
  };
  return ({ message, trace = [], file, step, stage }) => {
    // The trace begins with the innermost call, which is closest to the error.
    for (const text of [message, ...trace]) {
      const name = byText(text);
      if (name !== undefined) return name;
    }
    const byFile =
      file === undefined ? undefined : components.find(({ files }) => files.length > 0 && coversFile({ files }, file));
    const byStep = components.find(({ steps }) =>
      steps.some((glob) => wildcardMatches(glob, step) || wildcardMatches(glob, stage)),
    );
    return (byFile ?? byStep)?.name;
  };
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
