import type { Subject } from '../../checks/kind.ts';
import type { StepOutcome } from '../../checks/outcome.ts';
import type { Policy } from '../../checks/policy.ts';
import type { Finding } from '../../report/model.ts';
import { counted } from '../../units/count.ts';
import type { JudgedObject } from '../compare/judge.ts';
import { type CompareOptions, compareFiles, type FileComparison } from '../compare-files.ts';
import { DIFFERENT, type State } from '../show/states.ts';
import type { Scratch } from './archive.ts';
import type { FileDetails, ObjectDetails, StoredObject } from './details.ts';
import { type AgedObject, findingsOf, knownFrom, severityOf } from './findings.ts';
import { fileOf, labelOf, locateMarked, type Marked } from './marked.ts';
import { type GoodFile, hasFiles, referencesOf, secondReferencesOf } from './references.ts';
import type { Settings } from './run.ts';

/** The largest number of objects of a file that are listed with all details, and of those with a picture. */
const LISTED = 500;
const PICTURES = 10;
/** The largest number of characters of all pictures of a file. 5,000 histograms with 100 bins need 10 million. */
const PICTURE_LETTERS = 32e6;
/** The largest number of other objects whose names are listed. */
const NAMES = 20_000;
/** Objects in these states are not listed with details. */
const FINE: ReadonlySet<State> = new Set(['identical', 'compatible', 'ignored']);

export interface OutputResult {
  file: FileDetails;
  findings: Finding[];
  fixed: Finding[];
  /** The stored objects as lines of JSON, in the order of `objects` and `others`. */
  stored: string[];
}

/** Compares one output. */
export async function compareOutput(
  subject: Subject,
  marked: Marked,
  { rules, match, program }: Settings,
  scratch: Scratch,
): Promise<OutputResult> {
  const { step } = marked;
  const label = labelOf(marked);
  const own = await locateMarked(step.outputDir, marked, scratch);
  if ('reason' in own) return notCompared(step, label, own.reason);
  const references = await referencesOf(subject, marked, scratch);
  if ('reason' in references) return notCompared(step, label, references.reason, hasFiles(subject));
  const { files } = references;
  const paths = files.map(({ path }) => path);
  const options: CompareOptions = {
    ...{ rules, stage: step.stage, name: fileOf(marked) },
    ...(match !== undefined && { match }),
    ...(program !== undefined && { program }),
  };
  const comparison = await compareFiles(own.path, paths, subject.now, { ...options, pictures: PICTURE_LETTERS });
  const isOwn = comparison.problems.some(({ file }) => file === own.path);
  const isReferenceFine = paths.some((path) => !comparison.problems.some(({ file }) => file === path));
  if (comparison.verdict === 'not readable' && !isOwn)
    return notCompared(step, label, withNames(comparison.reason, files));
  if (comparison.verdict === 'not readable' && !isReferenceFine) {
    return notCompared(step, label, `as in the reference, ${comparison.problems[0]?.reason}`);
  }
  const listed = comparison.objects.filter(({ state }) => !FINE.has(state));
  const likeOther = listed.some(({ state }) => DIFFERENT.has(state) || state === 'suspicious')
    ? await likeSecondReferences(subject, marked, own.path, options, scratch)
    : new Set<string>();
  const other = hasFiles(subject) ? 'known' : 'fixed';
  const aged = listed.map((object): AgedObject => ({ object, age: likeOther.has(idOf(object)) ? other : 'new' }));
  const { findings, fixed } = findingsOf(step, label, comparison, aged, subject.policy);
  const alike = comparison.objects.filter(({ state }) => state === 'identical' || state === 'compatible');
  const [reference] = hasFiles(subject) ? [] : subject.references;
  const known = reference ? knownFrom(reference, step, label, new Set(alike.map(({ name }) => name))) : [];
  let pictures = 0;
  const objects = aged.slice(0, LISTED).map((one): ObjectDetails => {
    const details = detailsOf(one, subject.policy);
    const { picture } = one.object;
    return picture && pictures++ < PICTURES ? { ...details, picture } : details;
  });
  const others = othersOf(comparison.objects, new Set(listed.slice(0, LISTED)));
  const stored = [...aged.slice(0, LISTED).map(({ object }) => object), ...Object.values(others).flat()];
  return {
    file: {
      ...{ step: step.id, stage: step.stage, file: label },
      ...stateOf(comparison, aged),
      references: files.map(({ from }) => from),
      counts: comparison.counts,
      objects,
      more: listed.length - objects.length,
      others: Object.fromEntries(Object.entries(others).map(([state, list]) => [state, list.map(({ name }) => name)])),
      known: known.length + aged.filter(({ age }) => age === 'known').length,
      fixed: fixed.length,
    },
    findings: [...findings, ...known],
    fixed,
    stored: stored.map(storedText),
  };
}

/**
 * The result for an output that was not compared.
 * @param asFinding whether that is a finding, because the user asked for a comparison with certain files
 */
export function notCompared(
  { id, stage, attempts }: StepOutcome,
  file: string,
  reason: string,
  asFinding = false,
): OutputResult {
  const findings: Finding[] = asFinding
    ? [
        {
          ...{ step: id, stage, attempt: attempts, severity: 'warning', rule: 'histogram', age: 'new' },
          message: `it was not compared: ${reason}`,
          compared: { file },
        },
      ]
    : [];
  return {
    file: {
      ...{ step: id, stage, file, state: 'not compared', reason },
      ...{ references: [], counts: {}, objects: [], more: 0, others: {}, known: 0, fixed: 0 },
    },
    findings,
    fixed: [],
    stored: [],
  };
}

/** Ids of the objects that do not differ from the second set of references. */
async function likeSecondReferences(
  subject: Subject,
  marked: Marked,
  own: string,
  options: CompareOptions,
  scratch: Scratch,
): Promise<ReadonlySet<string>> {
  const second = await secondReferencesOf(subject, marked, scratch);
  if ('reason' in second) return new Set();
  const paths = second.files.map(({ path }) => path);
  const { objects } = await compareFiles(own, paths, subject.now, options);
  return new Set(objects.filter(({ state }) => state === 'identical' || state === 'compatible').map(idOf));
}

/** The id is made from the path, because names may contain slashes. */
function idOf({ path }: Pick<JudgedObject, 'path'>): string {
  return JSON.stringify(path);
}

/** The state of a file. If all its differences are known or fixed, it counts as compatible. */
function stateOf(
  { verdict, reason, problems, objects }: FileComparison,
  aged: readonly AgedObject[],
): Pick<FileDetails, 'state' | 'reason'> {
  if (verdict === 'not readable') return { state: verdict, reason: problems[0]?.reason ?? '' };
  const differing = aged.filter(({ object }) => DIFFERENT.has(object.state));
  const isNew = differing.some(({ age }) => age === 'new') || differing.length === 0;
  if (verdict !== 'different' || isNew) return { state: verdict, reason };
  return {
    state: 'compatible',
    reason: `${counted(differing.length, 'known difference')} in ${counted(objects.length, 'object')}`,
  };
}

/** Replaces the paths of files in a reason by the names of their runs. */
function withNames(reason: string, files: readonly GoodFile[]): string {
  return files.reduce((text, { from, path }) => text.replaceAll(path, () => `the file of ${from}`), reason);
}

function detailsOf({ object, age }: AgedObject, policy: Policy): ObjectDetails {
  const { name, title, state, reason, critical, owner, decided, tests } = object;
  const severity = age === 'new' ? severityOf(object, policy) : undefined;
  return {
    ...{ name, title, state, reason, critical, tests },
    ...(age !== 'new' && severityOf(object, policy) && { age }),
    ...(severity && { severity }),
    ...(owner !== undefined && { owner }),
    ...(decided !== undefined && { decided }),
  };
}

/** The objects that are not listed with details, by state. */
function othersOf(objects: readonly JudgedObject[], listed: ReadonlySet<JudgedObject>): Record<string, JudgedObject[]> {
  const others: Record<string, JudgedObject[]> = {};
  for (const object of objects.filter((one) => !listed.has(one)).slice(0, NAMES)) {
    others[object.state] ??= [];
    others[object.state]?.push(object);
  }
  return others;
}

/** The fields of an object that the page shows, as JSON. */
function storedText({ name, title, state, reason, owner, tests, picture }: JudgedObject): string {
  return JSON.stringify({ name, title, state, reason, owner, tests, picture } satisfies StoredObject);
}
