import { dirname, resolve } from 'node:path';
import { InputError, type Position, type Problem } from '../input/input-error.ts';
import { type Path, readYaml, type YamlFile } from '../input/yaml-file.ts';
import { WorkflowError } from './errors.ts';
import { type WorkflowData, workflowSchema } from './schema.ts';

/** A workflow file, read and checked. */
export interface Definition {
  file: string;
  /** Folders for executables and inputs that belong to the workflow: its own folder, then `scripts`. */
  folders: string[];
  data: WorkflowData;
  /** The position of a value in the file, such as `['stages', 0, 'arguments']`. */
  at(path: Path): Position;
  /** Whether the file contains the value. */
  has(path: Path): boolean;
}

/**
 * Reads and checks a workflow definition.
 * @throws {WorkflowError} with every problem and its position: the file cannot be read, is not YAML, does not fit the schema, or its stages
 *   refer to stages that are not before them
 */
export function loadDefinition(file: string): Definition {
  const { data, at, has } = readWorkflow(file);
  const folder = dirname(resolve(file));
  const folders = [folder, ...(data.scripts ?? []).map((script) => resolve(folder, script))];
  const definition = { file, folders, data, at, has };
  const problems = checkStages(definition);
  if (problems.length > 0) throw new WorkflowError(problems);
  return definition;
}

function readWorkflow(file: string): YamlFile<WorkflowData> {
  try {
    return readYaml(file, workflowSchema, 'workflow');
  } catch (error) {
    if (error instanceof InputError) throw new WorkflowError(error.problems);
    throw error;
  }
}

/** Checks that stages refer only to earlier stages, and wait for those whose files they use. */
function checkStages({ data, at }: Pick<Definition, 'data' | 'at'>): Problem[] {
  const problems: Problem[] = [];
  const all = new Set(data.stages.map((stage) => stage.name));
  const waitsFor = new Map<string, Set<string>>();
  for (const [index, stage] of data.stages.entries()) {
    const path = ['stages', index];
    if (waitsFor.has(stage.name)) {
      problems.push({ message: `there is already a stage with the name '${stage.name}'`, at: at([...path, 'name']) });
    }
    const reached = new Set<string>();
    const refer = (name: string, where: Path, use: boolean) => {
      const message = !all.has(name)
        ? `the stage '${name}' does not exist`
        : !waitsFor.has(name)
          ? `the stage '${name}' does not come before this one`
          : use && !reached.has(name)
            ? `this stage uses the stage '${name}' but does not wait for it: add it to 'after'`
            : undefined;
      if (message) problems.push({ message, at: at([...path, ...where]) });
    };
    const after = stage.after === 'all' ? [...waitsFor.keys()] : stage.after;
    for (const [i, name] of after.entries()) {
      refer(name, ['after', i], false);
      for (const ancestor of [name, ...(waitsFor.get(name) ?? [])]) reached.add(ancestor);
    }
    if (typeof stage.each === 'object' && 'of' in stage.each) {
      const { of } = stage.each;
      refer(of, ['each', 'of'], true);
      if (data.stages.find(({ name }) => name === of)?.each !== undefined)
        problems.push({
          message: `the stage '${of}' has several steps, but a single step must write the lines`,
          at: at([...path, 'each', 'of']),
        });
    }
    if (typeof stage.outputDir === 'object') refer(stage.outputDir.of, ['outputDir', 'of'], false);
    for (const [i, input] of (stage.inputs ?? []).entries()) {
      if (typeof input === 'object' && 'of' in input) refer(input.of, ['inputs', i, 'of'], true);
    }
    waitsFor.set(stage.name, reached);
  }
  return problems;
}
