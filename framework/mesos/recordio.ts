/** The stream is not RecordIO. Its connection cannot be used any more. */
export class RecordIOError extends Error {
  override name = 'RecordIOError';
}

const NEWLINE = 0x0a;
const ZERO = 0x30;
const NINE = 0x39;
/** No valid length has more digits than this: 10^10 bytes are refused before they arrive. */
const MAX_LENGTH_DIGITS = 10;

/**
 * Decodes Mesos' RecordIO framing: a decimal length in bytes, a newline, that many bytes, nothing between records.
 * Mesos' documentation allows empty lines before a length; they are skipped. The body may arrive in pieces of any size:
 * a master sends one record per HTTP chunk, but TCP, and any proxy, may cut anywhere.
 */
export class RecordIODecoder {
  readonly #maxRecordBytes: number;
  #digits = '';
  #missing = 0;
  #parts: Buffer[] = [];

  /** @param maxRecordBytes a longer record is an error, because a broken stream must not fill the memory (default 64 MiB) */
  constructor(maxRecordBytes = 64 * 1024 * 1024) {
    this.#maxRecordBytes = maxRecordBytes;
  }

  /** Adds the next bytes of the stream. @returns the records that they complete, in order. @throws RecordIOError */
  push(chunk: Uint8Array): Buffer[] {
    return [...this.records(chunk)];
  }

  /**
   * Like `push`, one record at a time: the records before invalid bytes are returned before the error is thrown.
   * Take them all before the next piece. @throws RecordIOError
   */
  *records(chunk: Uint8Array): Generator<Buffer, void> {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < bytes.length) {
      if (this.#missing > 0) {
        const part = bytes.subarray(at, at + this.#missing);
        at += part.length;
        this.#missing -= part.length;
        this.#parts.push(part);
        if (this.#missing === 0) yield this.#takeRecord();
        continue;
      }
      const byte = bytes[at++] as number;
      if (byte === NEWLINE) {
        if (this.#digits === '') continue;
        this.#startRecord();
        if (this.#missing === 0) yield Buffer.alloc(0);
      } else if (byte >= ZERO && byte <= NINE && this.#digits.length < MAX_LENGTH_DIGITS) {
        this.#digits += String.fromCharCode(byte);
      } else {
        throw new RecordIOError(
          `expected a record's length, got byte 0x${byte.toString(16).padStart(2, '0')} after "${this.#digits}"`,
        );
      }
    }
  }

  /** True between records: a stream that ends here is complete. */
  get atBoundary(): boolean {
    return this.#missing === 0 && this.#digits === '';
  }

  #startRecord(): void {
    const length = Number(this.#digits);
    this.#digits = '';
    if (length > this.#maxRecordBytes) {
      throw new RecordIOError(`a record of ${length} bytes is over the limit of ${this.#maxRecordBytes}`);
    }
    this.#missing = length;
  }

  #takeRecord(): Buffer {
    const [only] = this.#parts;
    const record = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts);
    this.#parts = [];
    return record;
  }
}

/** Encodes one record as the master does. */
export function encodeRecord(record: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${record.length}\n`), record]);
}
