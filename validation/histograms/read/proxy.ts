import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { FileProxy } from 'jsroot/io';

/** jsroot requests up to this number of bytes at the start and at the first record, even if the file is shorter. */
const HEADER_READ = 400;
const HEADER_END = 1000;

/** Reads of up to this number of bytes that follow one another are read together, in parts of `AHEAD` bytes. */
export const SMALL = 2 ** 16;
const AHEAD = 2 ** 18;

/**
 * A file for jsroot that refuses to read beyond its end. jsroot's own reading returns zeros there, and then finds a directory
 * without keys.
 */
export class StrictFile extends FileProxy {
  readonly size: number;
  private readonly path: string;
  private readonly fd: number;
  /** The bytes of the last small read, and of what follows it; and their position. */
  private ahead: Buffer = Buffer.alloc(0);
  private aheadAt = 0;

  /** @throws {Error} one sentence: why the file cannot be opened */
  constructor(path: string) {
    super();
    this.path = path;
    this.fd = open(path);
    const status = fstatSync(this.fd);
    if (!status.isFile()) {
      closeSync(this.fd);
      throw new Error('it is not a regular file');
    }
    this.size = status.size;
  }

  override async openFile(): Promise<boolean> {
    return true;
  }

  override getFileName(): string {
    return this.path;
  }

  override getFileSize(): number {
    return this.size;
  }

  override async readBuffer(position: number, length: number): Promise<DataView> {
    const isHeader = position < HEADER_END && length <= HEADER_READ;
    const wanted = isHeader ? Math.min(length, this.size - position) : length;
    const bytes = this.read(position, wanted);
    return new DataView(bytes.buffer, bytes.byteOffset, wanted);
  }

  /**
   * Reads bytes at a position. Up to `SMALL` bytes share memory with other reads and must not be changed; more have memory
   * of their own.
   * @throws {Error} when the file is too short
   */
  read(position: number, length: number): Buffer {
    if (!(position >= 0 && length >= 0 && position + length <= this.size)) {
      throw new Error(`${length} bytes at ${position} are wanted, beyond the end of the file (${this.size})`);
    }
    if (length > SMALL) return this.readNew(position, length);
    const from = position - this.aheadAt;
    if (from >= 0 && from + length <= this.ahead.length) return this.ahead.subarray(from, from + length);
    const follows = Math.abs(position - this.aheadAt - this.ahead.length) <= SMALL;
    this.ahead = this.readNew(position, follows ? Math.min(AHEAD, this.size - position) : length);
    this.aheadAt = position;
    return this.ahead.subarray(0, length);
  }

  private readNew(position: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let at = 0; at < length; ) {
      const count = readSync(this.fd, bytes, at, length - at, position + at);
      if (count === 0) throw new Error('the file became shorter while it was read');
      at += count;
    }
    return bytes;
  }

  override closeFile(): void {
    closeSync(this.fd);
  }
}

/** Opens without waiting: opening a named pipe would wait for its writer. */
function open(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new Error('there is no such file');
    if (code === 'EACCES') throw new Error('permission is denied');
    throw new Error(message);
  }
}
