import type { Details, FileDetails, StoredObject } from '../../histograms/check/details.ts';
import { isMap, type MapPicture, type Picture } from '../../histograms/show/picture.ts';
import { STATES, type State } from '../../histograms/show/states.ts';
import type { Report } from '../../report/model.ts';

/** An object in the list. */
export interface Item {
  /** Its key in addresses of the page: unique in a run. */
  key: string;
  file: string;
  name: string;
  state: string;
  /** Among `known`, `fixed` and `critical`. */
  remark: string;
  /** Its place in histograms.ndjson; absent: it is not stored. */
  bytes?: { from: number; to: number };
}

/** The results of the check of histograms in a report; undefined if there are none, or if this page does not know their form. */
export function histogramsOf(report: Report): Details | undefined {
  const details = report.checks?.histograms as Partial<Details> | undefined;
  const { references, files } = details ?? {};
  const isKnown = Array.isArray(references) && references.every(isText) && Array.isArray(files) && files.every(isFile);
  return isKnown ? (details as Details) : undefined;
}

function isFile(file: Partial<FileDetails> | null): boolean {
  const { step, file: name, state, reason, objects, others = {}, counts, stored } = file ?? {};
  if (![step, name, state, reason].every(isText) || (stored && !Array.isArray(stored.lengths))) return false;
  if (!Array.isArray(objects) || typeof others !== 'object' || typeof counts !== 'object') return false;
  const names = [...objects.map((one) => one?.name), ...Object.values(others).flat()];
  return names.every(isText) && objects.every((one) => isText(one.state));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** All objects of a run, the worst first. */
export function itemsOf({ files }: Details): Item[] {
  const rank = new Map<string, number>(STATES.map((state, index) => [state, index]));
  return files.flatMap(itemsOfFile).sort((a, b) => (rank.get(a.state) ?? 0) - (rank.get(b.state) ?? 0));
}

function itemsOfFile({ step, file, objects, others = {}, stored }: FileDetails): Item[] {
  const label = `${step} ${file}`;
  const all = [
    ...objects.map(({ name, state, age, critical }) => ({
      ...{ name, state: state as string },
      remark: [age ?? '', critical ? 'critical' : ''].filter((one) => one !== '').join(', '),
    })),
    ...Object.entries(others).flatMap(([state, names]) => names.map((name) => ({ name, state, remark: '' }))),
  ];
  const seen = new Set<string>();
  let from = stored?.offset ?? 0;
  return all.map((one, index): Item => {
    // Names may contain slashes, so two objects can have the same path.
    const key = `${label} ${one.name}`;
    const item = { ...one, key: seen.has(key) ? `${key} ${index}` : key, file: label };
    seen.add(key);
    const length = stored?.lengths[index];
    if (length === undefined) return item;
    const bytes = { from, to: from + length };
    from += length + 1;
    return { ...item, bytes };
  });
}

/** Checks the form of a line of histograms.ndjson, because anybody may have written the directory of a run. */
export function isStoredObject(value: unknown): value is StoredObject {
  const { title, reason, tests, picture } = (value ?? {}) as Partial<StoredObject>;
  const isTest = (one: Partial<StoredObject['tests'][number]> | null): boolean =>
    typeof one?.test === 'string' && [one.statistic, one.p, one.size].every(isNumberOrNull);
  return (
    [title, reason].every((text) => typeof text === 'string') &&
    Array.isArray(tests) &&
    tests.every(isTest) &&
    (picture === undefined || isPicture(picture))
  );
}

function isPicture(picture: Picture): boolean {
  const lists = isMap(picture)
    ? [picture.own, picture.reference, picture.pull]
    : [picture.own, picture.reference, picture.edges, picture.ownError ?? [], picture.referenceError ?? []];
  if (!lists.every((list) => Array.isArray(list) && list.every(isNumberOrNull))) return false;
  if (!isMap(picture)) {
    const { labels = [], title, scale } = picture;
    const texts = [title, ...(Array.isArray(labels) ? labels : [null])];
    return texts.every((text) => typeof text === 'string') && typeof scale === 'number';
  }
  const isAxis = ({ title, low, high, cells }: MapPicture['axes'][number]): boolean =>
    typeof title === 'string' && [low, high, cells].every((one) => typeof one === 'number') && cells > 0;
  return Array.isArray(picture.axes) && picture.axes.length === 2 && picture.axes.every((axis) => axis && isAxis(axis));
}

function isNumberOrNull(value: unknown): boolean {
  return value === null || typeof value === 'number';
}

export interface Filter {
  /** A part of the name, without regard to case; `*` matches any text. */
  search: string;
  state: string;
  /** The label of a file, then the directories below it, separated by slashes. */
  directory: string;
}

/** The objects that match a filter. */
export function filterItems(items: readonly Item[], { search, state, directory }: Filter): Item[] {
  const wanted = patternOf(search);
  return items.filter(
    (one) =>
      (state === '' || one.state === state) &&
      (directory === '' || `${one.file}/${one.name}`.startsWith(`${directory}/`)) &&
      wanted.test(one.name),
  );
}

function patternOf(search: string): RegExp {
  const parts = search.trim().split(/\*+/);
  return new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*'), 'i');
}

/** The severity of a state, for its colour. */
export function kindOf(state: string): 'failed' | 'broken' | 'succeeded' | 'waiting' {
  const index = STATES.indexOf(state as State);
  if (index < STATES.indexOf('suspicious')) return 'failed';
  if (state === 'suspicious') return 'broken';
  return state === 'identical' || state === 'compatible' ? 'succeeded' : 'waiting';
}
