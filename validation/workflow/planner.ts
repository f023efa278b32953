import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { JdlError } from '../input/input-error.ts';
import { KNOWN, otherSpelling, spellingWarnings } from '../input/spelling.ts';
import { applyArguments, exportedKeys } from '../jdl/arguments.ts';
import { dropEmptyEntries, itemsOf, positionOf, textOf, UsedValues } from '../jdl/keys.ts';
import { applySettings, type Jdl, type JdlOptions, loadJdl } from '../jdl/load.ts';
import type { Value } from '../jdl/parse.ts';
import { type Definition, loadDefinition } from './definition.ts';
import { fail } from './errors.ts';
import type { Plan } from './plan.ts';
import type { Selection } from './select.ts';
import { buildPlan } from './steps.ts';

export interface PlanOptions extends JdlOptions, Selection {
  /** Directory for relative OutputDirs; absent: they stay relative. */
  outputBase?: string;
  /** First folder for local files; default: the process's current directory. */
  cwd?: string;
  /** A workflow definition that replaces the built-in one of the JDL. */
  workflow?: string;
  /** Lines of files that stages make at run time, by file name (`timeBins.log`). Stages whose file is missing here are pending. */
  bins?: Readonly<Record<string, readonly string[]>>;
  /** Plan although local input files are missing, with a warning for each: to show a plan, not to run it. */
  allowMissing?: boolean;
}

/**
 * Plans the run of a JDL, with the workflow of its executable: a name that ends in `aliroot_dpgsim.sh` is
 * Monte Carlo, one with `/aliroot_dpg` in it reconstruction.
 * @throws {JdlError} when the JDL cannot be read or understood
 * @throws {WorkflowError} when it makes no plan: no or an unknown executable, missing input files, unknown stages, …
 */
export function planJdl(jdlPath: string, options: PlanOptions = {}): Plan {
  const jdl = loadJdl(jdlPath, options);
  const definition = loadDefinition(options.workflow ?? builtIn(jdl));
  const sources = [...jdl.files, ...(options.workflow ? [options.workflow] : [])];
  return plan(nameOf(jdlPath, '.jdl'), jdl, definition, dirname(resolve(jdlPath)), sources, options);
}

/**
 * Plans a workflow of the user, which needs no JDL: the JDL's keys are in its `jdl` key and in the stages.
 * @throws {WorkflowError} with the position in the file, see `planJdl`
 */
export function planWorkflow(yamlPath: string, options: PlanOptions = {}): Plan {
  const definition = loadDefinition(yamlPath);
  const values = valuesOf(definition);
  applySettings(values, options);
  const jdl: Jdl = { file: yamlPath, values, files: [], warnings: [] };
  return plan(definition.data.name, jdl, definition, dirname(resolve(yamlPath)), [yamlPath], options);
}

/** Path of a built-in workflow definition: `mc` or `reco`. */
export function builtInWorkflow(name: 'mc' | 'reco'): string {
  return createRequire(import.meta.url).resolve(`release-validation/makeflows/${name}/workflow.yaml`);
}

function builtIn(jdl: Jdl): string {
  const executable = textOf(jdl.values, 'Executable') ?? '';
  if (executable === '') {
    const hint = otherSpelling(jdl.values, 'Executable');
    fail(`${jdl.file}: the JDL has no Executable${hint}`, positionOf(jdl.values, 'Executable'));
  }
  if (executable.endsWith('aliroot_dpgsim.sh')) return builtInWorkflow('mc');
  if (executable.includes('/aliroot_dpg')) return builtInWorkflow('reco');
  return fail(
    `Executable: "${executable}" is neither Monte Carlo (…aliroot_dpgsim.sh) nor reconstruction (…/aliroot_dpg…); ` +
      'name its workflow with --workflow',
    positionOf(jdl.values, 'Executable'),
  );
}

function plan(
  name: string,
  jdl: Jdl,
  definition: Definition,
  jdlFolder: string,
  sources: string[],
  options: PlanOptions,
): Plan {
  const values = new UsedValues(valuesOf(definition));
  for (const [key, value] of jdl.values) values.set(key, value);
  const warnings = [...jdl.warnings];
  dropEmptyEntries(values, warnings);
  fillArguments(values, options.arg ?? [], warnings);
  warnings.push(...spellingWarnings(values));
  warnUnknownSwitches(values, warnings);
  const folders = [...new Set([resolve(options.cwd ?? '.'), jdlFolder, ...definition.folders])];
  const built = buildPlan({
    name,
    definition,
    values,
    builtIn: [builtInWorkflow('mc'), builtInWorkflow('reco')].includes(resolve(definition.file)),
    folders,
    payloadFolders: [...new Set([jdlFolder, ...definition.folders])],
    outputBase: options.outputBase,
    bins: options.bins ?? {},
    selection: options,
    allowMissing: options.allowMissing ?? false,
    sources: sources.map((path) => resolve(path)),
    warnings,
  });
  return built;
}

/** The JDL keys in the workflow file itself. */
function valuesOf(definition: Definition): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const [key, value] of Object.entries(definition.data.jdl ?? {})) {
    const at = definition.at(['jdl', key]);
    if (typeof value === 'string') values.set(key, { kind: 'string', text: value, at });
    else {
      const items = value.map((text, i) => ({ text, at: definition.at(['jdl', key, i]) }));
      values.set(key, { kind: 'list', items, at });
    }
  }
  return values;
}

/** @throws {JdlError} when the JDL uses an argument that was not given */
function fillArguments(values: Map<string, Value>, given: readonly string[], warnings: string[]): void {
  const exported = exportedKeys(values);
  const { problems, unused } = applyArguments(values, given, (key) => KNOWN.includes(key) || exported.has(key));
  if (problems.length > 0) throw new JdlError(problems);
  warnings.push(...unused.map((number) => `--arg ${given[number - 1]} is not used: the JDL has no $${number}`));
}

/** Only 1 switches a key on; the user of another value gets a warning. */
function warnUnknownSwitches(values: ReadonlyMap<string, Value>, warnings: string[]): void {
  for (const key of ['DontArchive', 'SaveAll', 'NoLiveOutput']) {
    const [item] = itemsOf(values, key);
    if (item && !['0', '1'].includes(item.text))
      warnings.push(`${key} = "${item.text}" means 0: only 1 switches it on`);
  }
}

/** The file's name without its extension, in characters that are safe in file systems, projects and web addresses. */
function nameOf(path: string, extension: string): string {
  const name = basename(path, extension).replace(/[^\w.-]/g, '_');
  return /^[A-Za-z0-9]/.test(name) ? name : `run${name}`;
}
