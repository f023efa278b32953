import { expand } from '../jdl/variables.ts';
import type { InputFile, Plan, Resources, Stage, Step } from './plan.ts';
import { inputText } from './stage-inputs.ts';

/** A step with expanded variables, as `relval plan --json` prints it. Shell expressions are not expanded. */
export interface ExpandedStep {
  id: string;
  stage: string;
  index: number;
  phase: number;
  after: readonly string[];
  /** The executable in the JDL or workflow. */
  executable: string;
  arguments: string;
  environment: Record<string, string>;
  /** In the form of a JDL. */
  inputs: string[];
  /** In the form of a JDL: `archive.zip:pattern,pattern` or a pattern. */
  outputs: string[];
  outputDir: string;
  inputFile: string | null;
  image: string | null;
  resources: Resources;
}

export function expandStep(step: Step): ExpandedStep {
  const { stage } = step;
  return {
    id: step.id,
    stage: stage.name,
    index: step.index,
    phase: stage.phase,
    after: step.after,
    executable: stage.executablePath,
    arguments: [expand(stage.argumentsTemplate, step), ...(step.extraArguments ?? [])]
      .filter((text) => text !== '')
      .join(' '),
    environment: Object.fromEntries(stage.environment.map(([name, template]) => [name, expand(template, step)])),
    inputs: stage.inputs.map(inputText),
    outputs: [...(stage.saveAll ? [everythingBut(stage.inputs)] : []), ...stage.outputs.map(outputText)],
    outputDir: expand(stage.outputDirTemplate, step),
    inputFile: step.inputFile ?? null,
    image: stage.image ?? null,
    resources: stage.resources,
  };
}

/** The output of `relval plan --json`. */
export interface PlanJson {
  workflow: string;
  name: string;
  phases: number;
  steps: ExpandedStep[];
  pending: Plan['pending'];
  warnings: string[];
}

export function planJson(plan: Plan): PlanJson {
  const { workflow, name, phases, pending, warnings } = plan;
  return { workflow, name, phases, steps: plan.steps.map(expandStep), pending, warnings };
}

function outputText({ archive, patterns }: Stage['outputs'][number]): string {
  return (archive === undefined ? '' : `${archive}:`) + patterns.join(',');
}

/** bash's extended glob for SaveAll. */
function everythingBut(inputs: readonly InputFile[]): string {
  return `!(${inputs.map((input) => input.name).join('|')})`;
}
