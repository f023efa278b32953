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
    this.#before = this.#file.read()?.content;
    this.#places = new Map(this.#before?.names.map((name, place) => [name, place]));
  }

  /** What was kept of a run, when its file is as it was. @param name of its directory */
  get(name: string, mark: FileMark): T | undefined {
    const place = this.#places.get(name);
    if (place === undefined || !this.#before || !isMark(this.#before.marks, 4 * place, mark)) return undefined;
    this.#right.push(place);
    return this.#form.restore(this.#before.contents, place);
  }

  /** Keeps what was read. @param mark of the file before it was read @param now ms since 1970 */
  set(name: string, mark: FileMark, content: T, now: number): void {
    if (isSettled(mark, now)) this.#added.push({ name, mark, content });
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
    const all = [...right, ...this.#added.map(({ mark, ...other }) => ({ ...other, marks: numbersOf(mark) }))];
    this.#file.write({
      names: all.map(({ name }) => name),
      marks: all.flatMap(({ marks }) => marks),
      contents: this.#form.keep(all.map(({ content }) => content)),
    });
  }
}
