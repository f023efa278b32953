import { CacheFile, cacheName } from './cache-file.ts';
import { type FileMark, isMark, isSettled, numbersOf } from './file-mark.ts';

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

/** What was read since the cache was written. */
interface Added<T> {
  name: string;
  mark: FileMark;
  content: T;
}

/**
 * What was read from the run.json files of one directory of runs, in a `CacheFile`. An entry counts only while its file is
 * unchanged.
 */
export class RecordCache<T, K> {
  readonly #form: Form<T, K>;
  readonly #file: CacheFile<Kept<K>>;
  readonly #before: Kept<K> | undefined;
  /** In the order in which they were asked for: the places that are still right, and what was added. */
  readonly #asked: (number | Added<T>)[] = [];
  #added = 0;
  /** The place behind the last one that was found. Mostly, the next name is there: directories keep their order. */
  #next = 0;
  /** Of all names in `#before`. With thousands of names it takes some ms, so it is made only when it is needed. */
  #places: ReadonlyMap<string, number> | undefined;

  /** @param dir of the runs, absolute */
  constructor(dir: string, form: Form<T, K>) {
    this.#form = form;
    this.#file = new CacheFile(cacheName(form.kind, dir));
    this.#before = this.#file.read()?.content;
  }

  /** What was kept of a run, when its file is as it was. @param name of its directory */
  get(name: string, mark: FileMark): T | undefined {
    const place = this.#placeOf(name);
    if (place === undefined || !this.#before || !isMark(this.#before.marks, 4 * place, mark)) return undefined;
    this.#asked.push(place);
    return this.#form.restore(this.#before.contents, place);
  }

  #placeOf(name: string): number | undefined {
    const names = this.#before?.names ?? [];
    if (names[this.#next] === name) return this.#next++;
    this.#places ??= new Map(names.map((one, place) => [one, place]));
    const place = this.#places.get(name);
    if (place !== undefined) this.#next = place + 1;
    return place;
  }

  /** Keeps what was read. @param mark of the file before it was read @param now ms since 1970 */
  set(name: string, mark: FileMark, content: T, now: number): void {
    if (!isSettled(mark, now)) return;
    this.#asked.push({ name, mark, content });
    this.#added++;
  }

  /** Writes the cache when much has changed. */
  save(): void {
    const before = this.#before;
    const all = this.#asked.length;
    const gone = (before?.names.length ?? 0) - (all - this.#added);
    if (this.#added + gone < Math.max(20, all / 100)) return;
    const rows = this.#asked.map((one) => {
      if (typeof one !== 'number') return { name: one.name, marks: numbersOf(one.mark), content: one.content };
      const { names, marks, contents } = before as Kept<K>;
      const content = this.#form.restore(contents, one);
      return { name: names[one] as string, marks: marks.slice(4 * one, 4 * one + 4), content };
    });
    this.#file.write({
      names: rows.map(({ name }) => name),
      marks: rows.flatMap(({ marks }) => marks),
      contents: this.#form.keep(rows.map(({ content }) => content)),
    });
  }
}
