import { createHmac, randomBytes } from 'node:crypto';

/** Bytes of a run's key. */
const KEY_BYTES = 32;
/** Characters of base64url in each half of a token: 96 and 132 bits. */
const MARK_LENGTH = 16;
const OWN_LENGTH = 22;

/** Makes the tokens of a run's steps out of its key: each step can be given its own, which tells nothing of the others. */
export class StepTokens {
  readonly #key: Buffer;
  /** How all tokens of the run begin, and nothing else does: whoever masks it has made every token useless. */
  readonly mark: string;

  /** @param key as newKey makes it @throws {RangeError} it is shorter */
  constructor(key: Buffer) {
    if (key.length < KEY_BYTES) throw new RangeError(`a key of ${key.length} bytes is too short`);
    this.#key = key;
    this.mark = this.#digest('mark').slice(0, MARK_LENGTH);
  }

  static newKey(): Buffer {
    return randomBytes(KEY_BYTES);
  }

  /** Letters, digits, `_` and `-`. */
  of(step: string): string {
    return `${this.mark}${this.#digest(`step ${step}`).slice(0, OWN_LENGTH)}`;
  }

  #digest(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}
