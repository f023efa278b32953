/** Texts of which many are the same, each once and with a number, its place. */
export class TextTable {
  /** Each text once, in the order in which they came. */
  readonly texts: string[] = [];
  readonly #places = new Map<string, number>();

  /** The place of a text in `texts`, from 0. */
  placeOf(text: string): number {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }
}
