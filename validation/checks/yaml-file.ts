import { isMap, isScalar, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { InputError, type Problem, readText } from '../jdl/problem.ts';

/** A YAML file whose mistakes can be told with their places. */
export class YamlFile {
  readonly file: string;
  readonly data: unknown;
  readonly problems: Problem[] = [];
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;

  /** @throws {InputError} what is no YAML, with every place */
  constructor(file: string, text: string) {
    this.file = file;
    this.#text = text;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    if (this.#document.errors.length > 0) {
      throw new InputError(this.#document.errors.map(({ message, pos }) => ({ message, at: this.#position(pos[0]) })));
    }
    this.data = this.#document.toJS();
  }

  /**
   * @throws {InputError} a file that cannot be read, or is no YAML
   */
  static read(file: string): YamlFile {
    try {
      return new YamlFile(file, readText(file).text);
    } catch (error) {
      if (error instanceof InputError) throw error;
      throw new InputError([{ message: (error as Error).message }]);
    }
  }

  /** Notes a mistake at what stands at the path, or at the nearest above it that is there. */
  add(path: readonly PropertyKey[], message: string, atKey = false): void {
    const name = path.map(String).join('.');
    this.problems.push({
      message: name ? `${name}: ${message}` : message,
      at: this.#position(this.#find(path, atKey)),
    });
  }

  /** What the schema makes of the value at a path; undefined where it does not fit, which is noted. */
  check<T>(schema: z.ZodType<T>, value: unknown, path: readonly PropertyKey[] = []): T | undefined {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues) {
      const at = [...path, ...issue.path];
      if (issue.code === 'unrecognized_keys') for (const key of issue.keys) this.add([...at, key], 'unknown key', true);
      else this.add(at, issue.message);
    }
    return undefined;
  }

  /** @throws {InputError} all mistakes that were noted, in the order of the file */
  finish(): void {
    if (this.problems.length === 0) return;
    throw new InputError([...this.problems].sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0)));
  }

  #position(offset: number): NonNullable<Problem['at']> {
    const { line, col } = this.#lines.linePos(offset);
    return { source: { file: this.file, text: this.#text }, line, column: col };
  }

  #find(path: readonly PropertyKey[], atKey: boolean): number {
    if (atKey) {
      const map = this.#document.getIn(path.slice(0, -1), true);
      const pair = isMap(map) && map.items.find(({ key }) => isScalar(key) && key.value === path.at(-1));
      if (pair && isScalar(pair.key) && pair.key.range) return pair.key.range[0];
    }
    for (let length = path.length; length > 0; length--) {
      const node = this.#document.getIn(path.slice(0, length), true);
      const range = (node as { range?: [number, number, number] } | undefined)?.range;
      if (range) return range[0];
    }
    return 0;
  }
}
