import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';

/** YAML files of relval itself that each run reads. */
const FILES = [
  'validation/checks/components.yaml',
  'validation/checks/policies/default.yaml',
  'validation/histograms/check/built-in.yaml',
];

/** The file beside the bundled program that has the contents of these files as JSON, which is read in a hundredth of the time. */
export const COMPILED_YAML = 'built-in-yaml.json';

/** The directory of this package. */
const root = (): string => dirname(createRequire(import.meta.url).resolve('release-validation/package.json'));

/** The content of COMPILED_YAML. */
export function compileYaml(): string {
  return JSON.stringify(
    Object.fromEntries(FILES.map((name) => [name, parse(readFileSync(join(root(), name), 'utf8'))])),
  );
}

let compiled: ReadonlyMap<string, unknown> | undefined;

/** The content of one of relval's own files; undefined for all other files, and in a checkout without its build. */
export function compiledYaml(file: string): unknown {
  compiled ??= readCompiled();
  return compiled.get(file);
}

function readCompiled(): ReadonlyMap<string, unknown> {
  const path = join(import.meta.dirname, COMPILED_YAML);
  if (!existsSync(path)) return new Map();
  const contents = Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>);
  return new Map(contents.map(([name, content]) => [join(root(), name), content]));
}
