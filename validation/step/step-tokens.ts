import { createHmac, randomBytes } from 'node:crypto';

/** Length of a run's key, in bytes. */
const KEY_BYTES = 32;
/** Characters of base64url in the two halves of a token: 96 and 132 bits. */
const MARK_LENGTH = 16;
const OWN_LENGTH = 22;

/** Makes the tokens of a run's steps from the run's key. One token reveals nothing about the others. */
export class StepTokens {
  readonly #key: Buffer;
  /** The common beginning of all tokens of the run, and of nothing else: masking it makes every token useless. */
  readonly mark: string;

  /** @param key from newKey @throws {RangeError} when it is too short */
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
