import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { FileProxy } from 'jsroot/io';

/** jsroot requests up to this number of bytes at the start and at the first record, even if the file is shorter. */
const HEADER_READ = 400;
const HEADER_END = 1000;

/**
 * A file for jsroot that refuses to read beyond its end. jsroot's own reading returns zeros there, and then finds a directory
 * without keys.
 */
export class StrictFile extends FileProxy {
  readonly size: number;
  private readonly path: string;
  private readonly fd: number;

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
    const bytes = this.read(position, wanted, undefined);
    return new DataView(bytes.buffer, bytes.byteOffset, wanted);
  }

  /**
   * Reads bytes at a position, into `into` if it is large enough.
   * @throws {Error} when the file is too short
   */
  read(position: number, length: number, into: Buffer | undefined): Buffer {
    if (!(position >= 0 && length >= 0 && position + length <= this.size)) {
      throw new Error(`${length} bytes at ${position} are wanted, beyond the end of the file (${this.size})`);
    }
    const bytes = into && into.length >= length ? into.subarray(0, length) : Buffer.allocUnsafeSlow(length);
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
