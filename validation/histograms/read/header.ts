import type { StrictFile } from './proxy.ts';

/** From this version on, positions in the header have eight bytes. */
const LARGE_FILE = 1_000_000;
/** From this version on, positions in a directory's record have eight bytes. */
const LARGE_DIRECTORY = 1000;

/** The place of the keys of a directory; `length` is 0 if it has none. */
export interface Place {
  position: number;
  length: number;
}

/** The contents of a file's header that reading needs. */
export interface Header {
  keys: Place;
  streamers: Place;
}

/**
 * Reads a file's header, and checks that the file is whole: closed, and as long as the header says.
 * @throws {Error} one sentence: why the file cannot be read
 */
export function readHeader(file: StrictFile): Header {
  if (file.size === 0) throw new Error('the file is empty');
  const bytes = file.read(0, Math.min(file.size, 100));
  if (bytes.toString('latin1', 0, 4) !== 'root') throw new Error('it is no ROOT file');
  if (bytes.length < 64) throw new Error(`it is cut off: it has only ${file.size} bytes`);
  const large = bytes.readUInt32BE(4) >= LARGE_FILE;
  const begin = bytes.readUInt32BE(8);
  const end = large ? uint64(bytes, 12) : bytes.readUInt32BE(12);
  const free = large ? uint64(bytes, 20) : bytes.readUInt32BE(16);
  const nameLength = bytes.readUInt32BE(large ? 36 : 28);
  const streamers = large
    ? { position: uint64(bytes, 45), length: bytes.readUInt32BE(53) }
    : { position: bytes.readUInt32BE(37), length: bytes.readUInt32BE(41) };
  if (end > file.size) throw new Error(`it is cut off: ${file.size} of ${end} bytes are there`);
  if (free === 0 || end < file.size) {
    throw new Error(`it was not closed: it has ${file.size} bytes, and its header was written at ${end}`);
  }
  const directory = begin + nameLength;
  const keys = directoryKeys(file.read(directory, Math.min(42, file.size - directory)));
  return { keys, streamers };
}

/**
 * Reads the place of the keys of a directory from its record.
 * @throws {Error} when the record is damaged
 */
export function directoryKeys(record: Buffer): Place {
  if (record.length < 30) throw new Error("a directory's record is too short");
  const large = record.readUInt16BE(0) > LARGE_DIRECTORY;
  if (large && record.length < 42) throw new Error("a directory's record is too short");
  const position = large ? uint64(record, 34) : record.readUInt32BE(26);
  return { position, length: position === 0 ? 0 : record.readUInt32BE(10) };
}

function uint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
}
