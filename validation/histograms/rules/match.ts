import { coversFile, coversStage, type Scope, wildcardMatches } from '../../workflow/scope.ts';
import type { TestName } from '../result.ts';

/** Why an object is left out, who says so, and until when (the last day, UTC). */
export interface Ignore {
  reason: string;
  owner: string;
  until?: string | undefined;
}

/**
 * What is said about some histograms.
 * - `stages`, `files`: whose files; `objects`: globs of names such as `QA/TPC/*`, in which `*` also stands for `/`
 * - `compare`: whether the files are compared at all
 * - `ignore`: the objects are left out; `critical`: a change of one counts more
 * - `tests`: only these; `alpha`, `size`: see Thresholds; `range`: part of the x axis
 * - `owner`: whom to tell
 * - `eventCounter`: its contents (those of one bin, by label or number) are the number of events of the file
 */
export interface Rule extends Scope {
  id: string;
  objects?: string[] | undefined;
  compare?: boolean | undefined;
  ignore?: Ignore | undefined;
  critical?: boolean | undefined;
  tests?: TestName[] | undefined;
  alpha?: number | undefined;
  size?: number | undefined;
  range?: [number, number] | undefined;
  owner?: string | undefined;
  eventCounter?: boolean | { bin: string | number } | undefined;
}

/** Where a file is from. */
export interface Origin {
  stage?: string;
  file: string;
}

const DAY_MS = 86_400_000;

/** Whether a file is to be compared: what the last rule about it says. */
export function isCompared(rules: readonly Rule[], origin: Origin): boolean {
  return rules.filter((rule) => rule.compare !== undefined && covers(rule, origin)).at(-1)?.compare ?? false;
}

/** The rules about a file, to ask for many of its objects. */
export function rulesOf(rules: readonly Rule[], origin: Origin): Rule[] {
  return rules.filter((rule) => covers(rule, origin));
}

/** What all rules together say about an object; of two that speak of the same, the later one counts. */
export function settingsOf(
  rules: readonly Rule[],
  name: string,
): Omit<Rule, 'id' | keyof Scope | 'objects' | 'compare'> {
  let settings = {};
  for (const { id, stages, files, objects, compare, ...rest } of rules) {
    if (objects?.some((glob) => wildcardMatches(glob, name))) settings = { ...settings, ...rest };
  }
  return settings;
}

/** Whether an object is still left out at `now` (ms since 1970): through the whole of the last day. */
export function isIgnored({ until }: Ignore, now: number): boolean {
  return until === undefined || now < Date.parse(until) + DAY_MS;
}

function covers(rule: Rule, { stage, file }: Origin): boolean {
  return (stage === undefined || coversStage(rule, stage)) && coversFile(rule, file);
}
