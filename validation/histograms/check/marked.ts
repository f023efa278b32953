import type { Subject } from '../../checks/kind.ts';
import type { StepOutcome } from '../../checks/outcome.ts';
import { coversStage } from '../../workflow/scope.ts';
import { isCompared, type Rule } from '../rules/match.ts';
import { extract, isArchive, membersOf, type Scratch } from './archive.ts';
import { type Located, locate } from './locate.ts';

/** An output that rules mark, or a member of an output that is an archive. */
export interface Marked {
  step: StepOutcome;
  /** Its name in the outputs of the step. */
  name: string;
  member?: string;
}

/** As reports name it: `QAresults.root`, `root_archive.zip#QAresults.root`. */
export function labelOf({ name, member }: Pick<Marked, 'name' | 'member'>): string {
  return member === undefined ? name : `${name}#${member}`;
}

/** The file that rules speak of. */
export function fileOf({ name, member }: Pick<Marked, 'name' | 'member'>): string {
  return member ?? name;
}

/**
 * The outputs that rules mark; of an archive these are members. The members of an archive that cannot be read here are those
 * that it has in a reference.
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

/** The members of the archive in the first place that has it. Whether it is whole, another check says. */
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
