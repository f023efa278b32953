import { coversFile, coversStage, type Scope, wildcardMatches } from '../../workflow/scope.ts';
import type { TestName } from '../result.ts';

/** Why an object is ignored, who is responsible for that, and the last day (UTC). */
export interface Ignore {
  reason: string;
  owner: string;
  until?: string | undefined;
}

/**
 * A rule for histograms.
 * - `stages`, `files`: the files to which it applies; `objects`: globs of names such as `QA/TPC/*`, where `*` also matches `/`
 * - `compare`: whether the files are compared at all
 * - `ignore`: the objects are ignored; `critical`: the objects are critical, see the policy
 * - `tests`: only these tests are made; `alpha`, `size`: see Thresholds; `range`: only this part of the x axis counts
 * - `owner`: the person to ask about the objects
 * - `eventCounter`: the contents of the object (or of one bin, by label or number) are the number of events of the file
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

/** The origin of a file. */
export interface Origin {
  stage?: string;
  file: string;
}

const DAY_MS = 86_400_000;

/** Whether a file is compared: the last rule that applies to it decides. */
export function isCompared(rules: readonly Rule[], origin: Origin): boolean {
  return rules.filter((rule) => rule.compare !== undefined && covers(rule, origin)).at(-1)?.compare ?? false;
}

/** The rules that apply to a file. */
export function rulesOf(rules: readonly Rule[], origin: Origin): Rule[] {
  return rules.filter((rule) => covers(rule, origin));
}

/** The settings of all rules for an object. If two rules have the same key, the later one counts. */
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

/** Whether an object is still ignored at `now` (ms since 1970). It is ignored through the whole of the last day. */
export function isIgnored({ until }: Ignore, now: number): boolean {
  return until === undefined || now < Date.parse(until) + DAY_MS;
}

function covers(rule: Rule, { stage, file }: Origin): boolean {
  return (stage === undefined || coversStage(rule, stage)) && coversFile(rule, file);
}
