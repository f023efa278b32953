import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { loadComponents } from '../../checks/components.ts';
import type { Criteria } from '../../checks/judge.ts';
import type { CheckKind, ReadyCheck } from '../../checks/kind.ts';
import { policyNames } from '../../checks/policies.ts';
import { loadPolicy } from '../../checks/policy.ts';
import { loadRules, type Rules } from '../../checks/rules.ts';
import { checkAddresses } from '../../histograms/check/reference-files.ts';
import type { RunRecord, RunRequest } from '../store/record.ts';
import { type RunDir, RunStore } from '../store/store.ts';
import { KINDS } from './kinds.ts';
import { findReference } from './reference.ts';

const SECTIONS = KINDS.map(({ id }) => id);

/** The user's choice of criteria, in addition to the built-in ones. */
export type CriteriaChoice = Pick<RunRequest, 'rules' | 'policy' | 'components' | 'reference' | 'referenceFiles'>;

/** Reads all chosen files, so that mistakes are reported before anything runs. @throws {InputError} with every mistake */
export function checkChoice({ rules, policy, components, referenceFiles = [] }: CriteriaChoice): void {
  checkAddresses(referenceFiles);
  loadRules(rules, SECTIONS);
  for (const kind of KINDS) kind.prepare(rules ?? []);
  loadPolicy(policy);
  loadComponents(components);
}

/** Copies the chosen files into the run, so that later changes to them do not affect the run. */
export function keepChoice(run: RunDir, { rules = [], policy, components }: CriteriaChoice): void {
  for (const [index, file] of rules.entries()) copyTo(kept(run, 'rules'), `${index}-${basename(file)}`, file);
  if (policy !== undefined && !policyNames().includes(policy)) copyTo(kept(run, 'policy'), basename(policy), policy);
  if (components !== undefined) copyTo(kept(run, 'components'), basename(components), components);
}

function copyTo(directory: string, name: string, file: string): void {
  mkdirSync(directory, { recursive: true });
  copyFileSync(file, join(directory, name));
}

function kept(run: RunDir, what: 'rules' | 'policy' | 'components'): string {
  return join(run.path, 'input', 'criteria', what);
}

function filesOf(run: RunDir, what: 'rules' | 'policy' | 'components'): string[] {
  const directory = kept(run, what);
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return names.map((name) => join(directory, name));
}

/** The built-in rules and those of a run. @throws {InputError} */
export function rulesOf(run: RunDir): Rules {
  return loadRules(rulesFilesOf(run), SECTIONS);
}

/** The rule files that a run was given, in order. */
export function rulesFilesOf(run: RunDir): string[] {
  return filesOf(run, 'rules');
}

/** The kinds of checks with their settings from the rule files of a run, or from other files. @throws {InputError} */
export function checksOf(
  run: RunDir,
  other: CriteriaChoice = {},
  kinds: readonly CheckKind[] = KINDS,
): { id: string; check: ReadyCheck }[] {
  const files = other.rules ?? rulesFilesOf(run);
  return kinds.map((kind) => ({ id: kind.id, check: kind.prepare(files) }));
}

/**
 * The criteria for a run: those of its request, or those of `other` instead.
 * @param now ms since 1970
 * @throws {InputError} when files have mistakes, or the reference does not exist
 */
export function criteriaOf(run: RunDir, record: RunRecord, now: number, other: CriteriaChoice = {}): Criteria {
  const { request } = record;
  const store = new RunStore(dirname(run.path));
  const chosen = other.reference ?? request.reference;
  const reference = findReference(store, record, chosen);
  const referenceFiles = other.referenceFiles ?? request.referenceFiles;
  return {
    rules: other.rules ? loadRules(other.rules, SECTIONS) : rulesOf(run),
    policy: loadPolicy(other.policy ?? filesOf(run, 'policy')[0] ?? request.policy),
    components: loadComponents(other.components ?? filesOf(run, 'components')[0]),
    now,
    ...(reference && { reference }),
    ...(referenceFiles && { referenceFiles }),
  };
}
