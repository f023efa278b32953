import { safeName, stepFile } from '../step/names.ts';
import type { SentInput } from '../step/stage-file.ts';
import type { InputFile, Plan, Stage } from '../workflow/plan.ts';

/** The names of makeflow's and our own files in the directory. A step's files are `<id>.…`, a stage's these two. */
const RESERVED = /^(?:Makeflow|makeflow|relval-)/;

export function stageFileName(stage: Stage): string {
  return `${safeName(stage.name)}.stage`;
}

/** The list of the differences between the steps of a stage. */
export function stepsFileName(stage: Stage): string {
  return `${safeName(stage.name)}.steps`;
}

export function isSent(input: InputFile): input is SentInput {
  return input.kind !== 'worker' && input.kind !== 'xrootd';
}

/** A file to be copied into makeflow's directory under an alias. */
export type PlacedFile = { alias: string } & ({ source: string } | { lines: () => Iterable<string> });

/**
 * Gives every input that is sent with steps a name in makeflow's directory: its own name if that is safe and free. The
 * same file has one name in all stages and, if the stages are the same, in all phases.
 */
export class Aliases {
  private readonly byFile = new Map<string | (() => Iterable<string>), string>();
  private readonly taken: Set<string>;
  private readonly isStep: (id: string) => boolean;

  constructor(plan: Plan, isStep: (id: string) => boolean) {
    this.isStep = isStep;
    this.taken = new Set(plan.stages.flatMap((stage) => [stageFileName(stage), stepsFileName(stage)]));
    for (const stage of plan.stages) for (const input of stage.inputs) if (isSent(input)) this.alias(input);
  }

  alias(input: SentInput): string {
    if (input.kind === 'made') return stepFile(input.step, input.file);
    const key = input.kind === 'sent' ? input.source : input.lines;
    const known = this.byFile.get(key);
    if (known !== undefined) return known;
    const safe = safeName(input.name);
    let alias = safe;
    for (let n = 1; this.isTaken(alias); n++) alias = `input-${n}-${safe}`;
    this.byFile.set(key, alias);
    this.taken.add(alias);
    return alias;
  }

  private isTaken(name: string): boolean {
    return this.taken.has(name) || RESERVED.test(name) || this.isStep(name.split('.', 1)[0] as string);
  }
}
