import type { Details, FileDetails } from '../../histograms/check/details.ts';
import { STATES, type State } from '../../histograms/show/states.ts';
import type { Report } from '../../report/model.ts';

/** An object in the list. */
export interface Item {
  /** What its address on the page says: unique in a run. */
  key: string;
  file: string;
  name: string;
  state: string;
  /** `known`, `fixed`, `critical`. */
  remark: string;
  /** Where it is in histograms.ndjson; absent: it is not stored. */
  bytes?: { from: number; to: number };
}

/** What the check of histograms left in a report; undefined where that is nothing, or not what this page knows. */
export function histogramsOf(report: Report): Details | undefined {
  const details = report.checks?.histograms as Partial<Details> | undefined;
  const isKnown = Array.isArray(details?.references) && Array.isArray(details.files) && details.files.every(isFile);
  return isKnown ? (details as Details) : undefined;
}

function isFile(file: Partial<FileDetails> | null): boolean {
  const { objects, others = {}, counts } = file ?? {};
  if (!Array.isArray(objects) || typeof others !== 'object' || typeof counts !== 'object') return false;
  const names = [...objects.map((one) => one?.name), ...Object.values(others).flat()];
  return names.every((name) => typeof name === 'string') && objects.every(({ state }) => typeof state === 'string');
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
  let from = stored?.offset ?? 0;
  return all.map((one, index): Item => {
    const item = { ...one, key: `${label} ${one.name}`, file: label };
    const length = stored?.lengths[index];
    if (length === undefined) return item;
    const bytes = { from, to: from + length };
    from += length + 1;
    return { ...item, bytes };
  });
}

export interface Filter {
  /** Part of a name, small and capital letters alike; `*` stands for anything. */
  search: string;
  state: string;
  /** Label of a file, and below it the directories, with slashes. */
  directory: string;
}

/** The objects that fit. */
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

/** How bad a state is, for colours. */
export function kindOf(state: string): 'failed' | 'broken' | 'succeeded' | 'waiting' {
  const index = STATES.indexOf(state as State);
  if (index < STATES.indexOf('suspicious')) return 'failed';
  if (state === 'suspicious') return 'broken';
  return state === 'identical' || state === 'compatible' ? 'succeeded' : 'waiting';
}
