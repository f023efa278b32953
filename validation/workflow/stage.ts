import { baseName, isAbsolutePlace } from '../files/places.ts';
import type { Position } from '../input/input-error.ts';
import { otherSpelling, unusedKeys } from '../input/spelling.ts';
import type { Path } from '../input/yaml-file.ts';
import {
  countOf,
  dropEmptyEntries,
  isSet,
  itemsOf,
  packagesOf,
  positionOf,
  textOf,
  UsedValues,
  type Values,
} from '../jdl/keys.ts';
import type { Item, Value } from '../jdl/parse.ts';
import { applySuffix, Refused } from '../jdl/suffix.ts';
import { badVariable } from '../jdl/variables.ts';
import { STEP_FILES } from '../step/names.ts';
import { checkStage } from './check-stage.ts';
import type { Definition } from './definition.ts';
import { fail } from './errors.ts';
import type { LocalFiles } from './inputs.ts';
import { ownOutputs, parseOutputs, withoutDisk } from './outputs.ts';
import { fillIn, type PlaceholderContext } from './placeholder.ts';
import type { InputFile, Stage } from './plan.ts';
import { resourcesOf } from './resources.ts';
import type { InputData, JdlData, StageData } from './schema.ts';
import { commandFile, inputsOf, inputText } from './stage-inputs.ts';

/** Defaults of the predecessor's wrapper: seconds for one file, and number of files at once. */
const COPY_TIMEOUT = 100;
const COPY_JOBS = 15;
/** The predecessor's managers ran makeflow with `-r 3`. */
const RETRIES = 3;

/** The data from which stages are made. */
export interface StageContext extends PlaceholderContext {
  definition: Definition;
  /** The keys of the JDL; where it lacks one, those of the workflow file. */
  values: UsedValues;
  /** The workflow belongs to relval: unused keys in a stage's `jdl` are no mistake. */
  builtIn: boolean;
  /** Folders for local input files: current directory, folder of the JDL, folder of the workflow. */
  local: LocalFiles;
  /** Folders for executables that are sent: those of the JDL and of the workflow. */
  payloadFolders: readonly string[];
  /** Absolute directory for relative OutputDirs; undefined: they stay relative. */
  outputBase: string | undefined;
  warnings: string[];
  /** Inputs that depend on the steps of other stages. */
  generated(input: Exclude<InputData, string | { optional: string }>, stage: StageData, at: Position): InputFile[];
}

/**
 * A stage of the plan: the JDL with the changes of the workflow's stage.
 * @param index the stage's number in the definition
 * @throws {WorkflowError} for missing keys and files, unknown placeholders and variables
 */
export function buildStage(
  data: StageData,
  index: number,
  phase: number,
  after: string[],
  context: StageContext,
): Stage {
  const { definition, values, warnings } = context;
  const at = (path: Path) => definition.at(['stages', index, ...path]);
  const fill = (text: string, path: Path) => fillIn(text, at(path), context);
  const loose = isSet(values, 'DontArchive') || isSet(values, 'SaveAll');
  const saveAll = isSet(values, 'SaveAll');

  const own = new UsedValues(values);
  const fragment = new Map<string, Position>();
  for (const [key, value] of Object.entries(data.jdl ?? {})) {
    own.set(key, jdlValue(value, at(['jdl', key]), fill, ['jdl', key]));
    fragment.set(applyTo(own, key, at(['jdl', key])), at(['jdl', key]));
  }
  own.used.clear();
  dropEmptyEntries(own, warnings);

  const executable = executableOf(data, own, at(['name']));
  const argumentsText = data.command
    ? ''
    : data.arguments !== undefined
      ? fillIn(pick(data.arguments, loose), at(['arguments']), context, true)
      : (textOf(own, 'Arguments') ?? textOf(own, 'SplitArguments') ?? '');
  const outputDir = outputDirOf(data, own, at(['outputDir']), fill, context);
  const jdlOutputs = data.outputs ? [] : outputsOfJdl(own);
  const outputs = data.outputs?.map(withoutDisk) ?? ownOutputs(saveAll ? [] : jdlOutputs);
  const inputs = inputsOf(data, own, executable, at, fill, loose, context);
  const packages = packagesOf(own);
  const environmentCommand = textOf(own, 'EnvironmentCommand');

  for (const key of ['Arguments', 'SplitArguments']) if (own.has(key)) own.set(key, literal(argumentsText, at([])));
  own.set('Executable', literal(executable, at([])));
  own.set('OutputDir', literal(outputDir, at([])));
  own.set('Packages', list(packages, at([])));
  own.set('Output', list(data.outputs ? outputs : jdlOutputs, at([])));
  own.set('InputFile', list(inputs.map(inputText), at([])));
  const environment = environmentOf(data, own, at);

  checkVariables(data, [['arguments', argumentsText], ['OutputDir', outputDir], ...environment], values, at([]));
  const { defaults } = definition.data;
  const limited = environment.some(([name]) => name === 'ALIEN_JDL_TTL');
  const image = data.image ?? defaults?.image;
  const stage: Stage = {
    name: data.name,
    phase,
    after,
    executable: baseName(executable),
    executablePath: executable,
    argumentsTemplate: argumentsText,
    environment,
    packages,
    ...(environmentCommand ? { environmentCommand } : {}),
    inputs,
    outputs: saveAll && data.outputs ? [] : parseOutputs(outputs, isSet(values, 'DontArchive')),
    // The lists of the built-in workflows are for every kind of production. What each must leave, their `expects` say.
    ...(context.builtIn && data.outputs ? { optionalMembers: true as const } : {}),
    saveAll,
    dontArchive: isSet(values, 'DontArchive'),
    noLiveOutput: isSet(own, 'NoLiveOutput'),
    outputDirTemplate: outputDir,
    handsOn: handsOnOf(data, own, environment, definition),
    expects: pick(data.expects ?? [], loose),
    onFailure: data.onFailure ?? defaults?.onFailure ?? 'continue',
    retries: data.retries ?? defaults?.retries ?? RETRIES,
    ...(image ? { image } : {}),
    resources: resourcesOf(data.resources, defaults?.resources, own, limited, warnings),
    copyTimeout: countOf(own, 'CopyTimeout') ?? COPY_TIMEOUT,
    copyJobs: countOf(own, 'CopyNumJobs') ?? COPY_JOBS,
  };
  const of = (key: string, ...path: Path): Position =>
    definition.has(['stages', index, ...path]) ? at(path) : (values.at(key) ?? at(path));
  checkStage(stage, {
    ...(data.command !== undefined && { command: { text: data.command, at: at(['command']) } }),
    outputDir: of('OutputDir', 'outputDir'),
    arguments: of(own.has('Arguments') ? 'Arguments' : 'SplitArguments', 'arguments'),
    environmentCommand: of('EnvironmentCommand', 'jdl', 'EnvironmentCommand'),
    inputs: of('InputFile', 'inputs'),
    outputs: of('Output', 'outputs'),
    variable: (name) => (data.environment?.[name] === undefined ? at([]) : at(['environment', name])),
  });
  for (const key of own.used) if (!fragment.has(key)) values.used.add(key);
  if (environmentCommand && fragment.has('Packages') && !fragment.has('EnvironmentCommand')) {
    warnings.push(
      `stage ${data.name}: the Packages in its jdl are not loaded, because an EnvironmentCommand makes the environment`,
    );
  }
  if (!context.builtIn) warnings.push(...unusedKeys(fragment, own.used, `the jdl of the stage ${data.name}`));
  return stage;
}

/** Applies a key of a stage's `jdl`, with or without a suffix for JDLs. @returns the key that was changed */
function applyTo(own: Map<string, Value>, key: string, at: Position): string {
  try {
    return applySuffix(own, key);
  } catch (error) {
    if (error instanceof Refused) fail(`${key}: ${error.message}`, error.at ?? at);
    throw error;
  }
}

/** Names of the two kinds of outputs in older JDLs. */
function outputsOfJdl(own: Values): string[] {
  const keys = ['Output', 'OutputFile', 'OutputArchive'];
  return keys.flatMap((key) => itemsOf(own, key).map((item) => withoutDisk(item.text)));
}

function executableOf(data: StageData, values: Values, at: Position): string {
  if (data.command) return commandFile(data);
  const executable = data.executable ?? textOf(values, 'Executable') ?? '';
  return executable === '' ? fail(`the stage ${data.name} has neither an executable nor a command`, at) : executable;
}

function outputDirOf(
  data: StageData,
  values: Values,
  at: Position,
  fill: (text: string, path: Path) => string,
  context: StageContext,
): string {
  let outputDir: string;
  if (typeof data.outputDir === 'string') outputDir = fill(data.outputDir, ['outputDir']);
  else if (data.outputDir) {
    const { of, replace, with: replacement } = data.outputDir;
    const template = context.outputDirOf(of)?.template ?? fail(`there is no stage '${of}' before this one`, at);
    outputDir = template.replaceAll(replace, () => replacement);
    if (outputDir === template) {
      context.warnings.push(
        `stage ${data.name} would write to the same directory as ${of}, because the OutputDir ${template} does not contain '${replace}'`,
      );
    }
  } else {
    const own = textOf(values, 'OutputDir') ?? '';
    outputDir = own !== '' || values.has('Executable') ? own : `${data.name}${data.each ? '/#alien_counter_04i#' : ''}`;
  }
  if (outputDir === '')
    fail(
      `the JDL has no OutputDir: expected a directory or a root:// address${otherSpelling(values, 'OutputDir')}`,
      positionOf(values, 'OutputDir') ?? at,
    );
  if (!context.outputBase || isAbsolutePlace(outputDir)) return outputDir;
  return `${context.outputBase.replace(/\/+$/, '')}/${outputDir.replace(/^(\.\/+)+/, '')}`;
}

function environmentOf(data: StageData, own: Values, at: (path: Path) => Position): [string, string][] {
  const environment = new Map<string, string>();
  const add = (name: string, value: string, place: Position) => {
    if (!/^[A-Za-z_]\w*$/.test(name)) fail(`'${name}' cannot be the name of an environment variable`, place);
    environment.set(name, value);
  };
  const exported: Item[] = [
    ...itemsOf(own, 'JDLVariables'),
    ...(data.export ?? []).map((text, i) => ({ text, at: at(['export', i]) })),
  ];
  for (const { text, at: place } of exported) add(`ALIEN_JDL_${text.toUpperCase()}`, textOf(own, text) ?? '', place);
  for (const { text, at: place } of itemsOf(own, 'ExtraVariables')) add(text, textOf(own, text) ?? '', place);
  if (data.command) {
    add('RELVAL_INDEX', '#alien_counter#', at([]));
    add('RELVAL_INPUT', '#alienfilename#', at([]));
  }
  for (const [name, value] of Object.entries(data.environment ?? {})) add(name, value, at(['environment', name]));
  return [...environment];
}

/** Files that later stages take from this one: `transferToMakeflow` if it is exported, and the files that the workflow file names. */
function handsOnOf(data: StageData, own: Values, environment: [string, string][], definition: Definition): string[] {
  const names = new Set<string>();
  if (environment.some(([name]) => name === 'ALIEN_JDL_TRANSFERTOMAKEFLOW')) {
    for (const name of (textOf(own, 'transferToMakeflow') ?? '').split(/[\s,]+/)) if (name !== '') names.add(name);
  }
  for (const { each, inputs } of definition.data.stages) {
    if (typeof each === 'object' && 'of' in each && each.of === data.name) names.add(each.lines);
    for (const input of inputs ?? []) {
      if (typeof input === 'object' && 'made' in input && input.of === data.name) names.add(input.made);
    }
  }
  // a step always leaves its logs and its report for later steps
  for (const name of STEP_FILES) names.delete(name);
  return [...names];
}

/** Formats are checked before anything is expanded, so that the message can show the place in the JDL. */
function checkVariables(data: StageData, templates: [string, string][], values: Values, at: Position): void {
  for (const [name, template] of templates) {
    const variable = badVariable(template);
    if (variable === undefined) continue;
    const key = [...values.keys()].find((candidate) => textOf(values, candidate)?.includes(variable)) ?? '';
    fail(
      `${data.name}: ${variable} in ${name}: expected a printf format for integers such as #alien_counter_05i#`,
      positionOf(values, key) ?? at,
    );
  }
}

function jdlValue(data: JdlData[string], at: Position, fill: (text: string, path: Path) => string, path: Path): Value {
  if (typeof data === 'string') return literal(fill(data, path), at);
  return list(
    data.map((text, i) => fill(text, [...path, i])),
    at,
  );
}

function literal(text: string, at: Position): Value {
  return { kind: 'string', text, at };
}

function list(texts: readonly string[], at: Position): Value {
  return { kind: 'list', items: texts.map((text) => ({ text, at })), at };
}

function pick<T extends string | readonly string[]>(value: T | { archived: T; loose: T }, loose: boolean): T {
  if (typeof value === 'string' || Array.isArray(value)) return value as T;
  const choice = value as { archived: T; loose: T };
  return loose ? choice.loose : choice.archived;
}
