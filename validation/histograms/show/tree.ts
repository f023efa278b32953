import type { Details, FileDetails } from '../check/details.ts';
import { STATES } from './states.ts';

/** A directory of a file, or the file itself. The counts by state include subdirectories. */
export interface Directory {
  name: string;
  counts: Map<string, number>;
  directories: Directory[];
}

/** The directories of all compared files, those with the worst objects first. */
export function directoriesOf({ files }: Pick<Details, 'files'>): Directory[] {
  return files
    .filter(({ state }) => state === 'compatible' || state === 'different')
    .map((file) => {
      const top = newDirectory(`${file.step} ${file.file}`);
      const known = new Map<string, Directory>();
      for (const { name, state } of namesOf(file)) add(top, known, name, state);
      return sorted(top);
    });
}

/** The names of all objects of a file that report.json has, with their states, the worst first. */
export function namesOf({ objects, others }: FileDetails): { name: string; state: string }[] {
  const listed = objects.map(({ name, state }) => ({ name, state: state as string }));
  const rest = STATES.flatMap((state) => (others[state] ?? []).map((name) => ({ name, state: state as string })));
  const rank = new Map<string, number>(STATES.map((state, index) => [state, index]));
  return [...listed, ...rest].sort((a, b) => (rank.get(a.state) ?? 0) - (rank.get(b.state) ?? 0));
}

/** `2 changed, 10 identical`, the worst first. */
export function countsText(counts: ReadonlyMap<string, number>): string {
  return STATES.flatMap((state) => {
    const n = counts.get(state) ?? 0;
    return n > 0 ? [`${n} ${state}`] : [];
  }).join(', ');
}

function newDirectory(name: string): Directory {
  return { name, counts: new Map(), directories: [] };
}

/** @param known the directories so far, by their paths: files may have as many directories as objects */
function add(top: Directory, known: Map<string, Directory>, name: string, state: string): void {
  let directory = top;
  count(directory, state);
  for (let slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
    const path = name.slice(0, slash);
    let next = known.get(path);
    if (!next) {
      next = newDirectory(path.slice(path.lastIndexOf('/') + 1));
      known.set(path, next);
      directory.directories.push(next);
    }
    directory = next;
    count(directory, state);
  }
}

function count({ counts }: Directory, state: string): void {
  counts.set(state, (counts.get(state) ?? 0) + 1);
}

function sorted(directory: Directory): Directory {
  const worst = ({ counts }: Directory): number => STATES.findIndex((state) => counts.has(state));
  const of = (one: Directory): number => counts(one, worst(one));
  const counts = (one: Directory, state: number): number => one.counts.get(STATES[state] ?? '') ?? 0;
  directory.directories.sort((a, b) => worst(a) - worst(b) || of(b) - of(a));
  for (const one of directory.directories) sorted(one);
  return directory;
}
