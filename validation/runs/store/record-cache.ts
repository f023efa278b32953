import { CacheFile, cacheName } from './cache-file.ts';

/** The stamp of a file. While it stays the same, the content of the file has not changed. */
export interface FileMark {
  ino: number;
  size: number;
  mtimeMs: number;
  ctimeMs: number;
}

/** How what was read is written down, as JSON that is read quickly. */
export interface Form<T, K> {
  /** The name of the cache. */
  kind: string;
  keep(contents: readonly T[]): K;
  /** @param place from 0, in the order of `keep` */
  restore(kept: K, place: number): T;
}

interface Kept<K> {
  names: string[];
  /** Four numbers for each name. */
  marks: number[];
  contents: K;
}

/** A file that changed this recently may change again without another time: clocks of file systems have ticks. */
const SETTLED_MS = 2000;

const numbers = ({ ino, size, mtimeMs, ctimeMs }: FileMark): number[] => [ino, size, mtimeMs, ctimeMs];

/**
 * What was read from the run.json files of one directory of runs, in a `CacheFile`. An entry counts only while its file is
 * unchanged.
 */
export class RecordCache<T, K> {
  readonly #form: Form<T, K>;
  readonly #file: CacheFile<Kept<K>>;
  readonly #before: Kept<K> | undefined;
  /** Of the names in `#before`. */
  readonly #places: ReadonlyMap<string, number>;
  /** The places that were asked for and are still right. */
  readonly #right: number[] = [];
  readonly #added: { name: string; mark: FileMark; content: T }[] = [];

  /** @param dir of the runs, absolute */
  constructor(dir: string, form: Form<T, K>) {
    this.#form = form;
    this.#file = new CacheFile(cacheName(form.kind, dir));
    this.#before = this.#file.read();
    this.#places = new Map(this.#before?.names.map((name, place) => [name, place]));
  }

  /** What was kept of a run, when its file is as it was. @param name of its directory */
  get(name: string, { ino, size, mtimeMs, ctimeMs }: FileMark): T | undefined {
    const place = this.#places.get(name);
    if (place === undefined || !this.#before) return undefined;
    const { marks, contents } = this.#before;
    const at = 4 * place;
    if (marks[at] !== ino || marks[at + 1] !== size || marks[at + 2] !== mtimeMs || marks[at + 3] !== ctimeMs)
      return undefined;
    this.#right.push(place);
    return this.#form.restore(contents, place);
  }

  /** Keeps what was read. @param mark of the file before it was read @param now ms since 1970 */
  set(name: string, mark: FileMark, content: T, now: number): void {
    if (now - Math.max(mark.mtimeMs, mark.ctimeMs) >= SETTLED_MS) this.#added.push({ name, mark, content });
  }

  /** Writes the cache when much has changed. */
  save(): void {
    const added = this.#added.length;
    const gone = this.#places.size - this.#right.length;
    if (added + gone < Math.max(20, (this.#right.length + added) / 100)) return;
    const right = this.#right.map((place) => ({
      name: this.#before?.names[place] as string,
      marks: this.#before?.marks.slice(4 * place, 4 * place + 4) as number[],
      content: this.#form.restore(this.#before?.contents as K, place),
    }));
    const all = [...right, ...this.#added.map(({ mark, ...other }) => ({ ...other, marks: numbers(mark) }))];
    this.#file.write({
      names: all.map(({ name }) => name),
      marks: all.flatMap(({ marks }) => marks),
      contents: this.#form.keep(all.map(({ content }) => content)),
    });
  }
}
