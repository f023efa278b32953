import type { Plan, Stage, Step } from '../../validation/workflow/plan.ts';

/** A stage that runs `executable` of the inputs or of $PATH, with everything else at its simplest. */
export function makeStage(name: string, changes: Partial<Stage> = {}): Stage {
  const executable = changes.executable ?? 'true';
  return {
    name,
    phase: 0,
    after: [],
    executable,
    executablePath: executable,
    argumentsTemplate: '',
    environment: [],
    packages: [],
    inputs: [],
    outputs: [],
    saveAll: false,
    dontArchive: false,
    noLiveOutput: true,
    outputDirTemplate: '',
    handsOn: [],
    expects: [],
    onFailure: 'continue',
    retries: 0,
    resources: { cores: 1, memory: 100, disk: 100 },
    copyTimeout: 20,
    copyJobs: 4,
    ...changes,
  };
}

/** One step of a stage; without a number it is the only one. */
export function makeStep(stage: Stage, number?: number, changes: Partial<Step> = {}): Step {
  const id = number === undefined ? stage.name : `${stage.name}${String(number).padStart(4, '0')}`;
  return { id, stage, index: number ?? 0, after: [], ...changes };
}

/** A plan of these steps, in order. */
export function makePlan(steps: Step[], changes: Partial<Plan> = {}): Plan {
  const stages = [...new Set(steps.map((step) => step.stage))];
  return {
    name: 'test',
    workflow: 'test',
    phases: Math.max(0, ...stages.map((stage) => stage.phase)) + 1,
    stages,
    steps,
    pending: [],
    sources: [],
    warnings: [],
    ...changes,
  };
}

/** Monte Carlo as the predecessor has it: N simulations, two merges, plots, reports. */
export function monteCarlo(jobs: number): Plan {
  const sim = makeStage('sim');
  const sims = Array.from({ length: jobs }, (_, n) => makeStep(sim, n + 1));
  const ids = sims.map((step) => step.id);
  const merge = (name: string, from: string, after: readonly string[]): Step =>
    makeStep(makeStage(name, { after: [from] }), undefined, { after });
  return makePlan([
    ...sims,
    merge('simResMerge', 'sim', ids),
    merge('simQaMerge', 'sim', ids),
    merge('simQaPlots', 'simQaMerge', ['simQaMerge']),
    merge('mergeValidationReportsMC', 'simQaPlots', ['simQaPlots', 'simResMerge']),
  ]);
}
