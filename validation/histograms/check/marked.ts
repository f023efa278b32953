import type { Subject } from '../../checks/kind.ts';
import type { StepOutcome } from '../../checks/outcome.ts';
import { coversStage } from '../../workflow/scope.ts';
import { isCompared, type Rule } from '../rules/match.ts';
import { extract, isArchive, membersOf, type Scratch } from './archive.ts';
import { type Located, locate } from './locate.ts';

/** An output, or a member of an archive, that rules select for comparison. */
export interface Marked {
  step: StepOutcome;
  /** Its name in the outputs of the step. */
  name: string;
  member?: string;
}

/** Its name in reports: `QAresults.root`, `root_archive.zip#QAresults.root`. */
export function labelOf({ name, member }: Pick<Marked, 'name' | 'member'>): string {
  return member === undefined ? name : `${name}#${member}`;
}

/** The name that rules are compared with. */
export function fileOf({ name, member }: Pick<Marked, 'name' | 'member'>): string {
  return member ?? name;
}

/**
 * The outputs, and members of archives, that rules select. If an archive cannot be read, the members of the same archive in a
 * reference are used.
 */
export async function markedOutputs({ steps, references }: Subject, rules: readonly Rule[]): Promise<Marked[]> {
  const marked: Marked[] = [];
  for (const step of steps) {
    for (const { name } of step.outputs) {
      if (isCompared(rules, { stage: step.stage, file: name })) marked.push({ step, name });
      if (!isArchive(name) || !mayMark(rules, step.stage)) continue;
      const places = [step.outputDir, ...references.map(({ steps: other }) => dirOf(other, step.id))];
      for (const member of await firstMembers(places, name)) {
        if (isCompared(rules, { stage: step.stage, file: member })) marked.push({ step, name, member });
      }
    }
  }
  return marked;
}

function mayMark(rules: readonly Rule[], stage: string): boolean {
  return rules.some((rule) => rule.compare && coversStage(rule, stage));
}

function dirOf(steps: readonly { id: string; outputDir?: string }[], id: string): string | undefined {
  return steps.find((step) => step.id === id)?.outputDir;
}

/** The members of the archive in the first place that has a readable one. Another check reports damaged archives. */
async function firstMembers(places: readonly (string | undefined)[], name: string): Promise<string[]> {
  for (const place of places) {
    const archive = locate(place, name);
    if (!('path' in archive)) continue;
    const members = await membersOf(archive.path).catch(() => undefined);
    if (members) return members;
  }
  return [];
}

/** The file of a marked output in the output directory of a step. */
export async function locateMarked(
  outputDir: string | undefined,
  { name, member }: Pick<Marked, 'name' | 'member'>,
  scratch: Scratch,
): Promise<Located> {
  const file = locate(outputDir, name);
  if (member === undefined || !('path' in file)) return file;
  return extract(file.path, member, scratch);
}
