import { openFile, TBuffer, type TFile, type TKey } from 'jsroot/io';
import type { Limits } from '../model.ts';
import { improveReading, withoutMethods } from './buffer.ts';
import type { CapturedConsole } from './console.ts';
import { directoryKeys, type Header, type Place, readHeader } from './header.ts';
import { Plans } from './plan.ts';
import { SMALL, StrictFile } from './proxy.ts';
import { unzip } from './unzip.ts';

const MB = 2 ** 20;

/** The place of a key's own length, in a key. */
const KEY_LENGTH_AT = 14;

improveReading();

/** An object as jsroot returns it, and the messages that jsroot printed while it read it. */
export interface ReadObject {
  object: Record<string, unknown>;
  messages: string[];
}

/**
 * A complete ROOT file, whose records are read one by one. The data from the file are never executed.
 */
export class RootFile {
  readonly keys: Place;
  private readonly bytes: StrictFile;
  private readonly parsed: TFile | undefined;
  private readonly limits: Limits;
  private readonly console: CapturedConsole;
  private readonly streamers: Place;
  private readonly sameClasses = new WeakMap<RootFile, boolean>();
  private readonly keyBytes = new WeakMap<TKey, Buffer>();
  private readonly plans: Plans | undefined;

  private constructor(
    bytes: StrictFile,
    { keys, streamers }: Header,
    parsed: TFile | undefined,
    limits: Limits,
    console: CapturedConsole,
  ) {
    this.bytes = bytes;
    this.keys = keys;
    this.streamers = streamers;
    this.parsed = parsed;
    this.plans = parsed && new Plans(parsed);
    this.limits = limits;
    this.console = console;
  }

  /** @throws {Error} one sentence: why the file cannot be read */
  static async open(path: string, limits: Limits, console: CapturedConsole): Promise<RootFile> {
    const bytes = new StrictFile(path);
    try {
      const header = readHeader(bytes);
      const { keys, streamers } = header;
      const has = streamers.position > 0 && streamers.length > 0;
      console.take();
      const file = new RootFile(
        bytes,
        header,
        has ? withoutMethods(await openFile(bytes)) : undefined,
        limits,
        console,
      );
      if (!has && file.readKeys(keys).length > 0) throw new Error('it holds no descriptions of its classes');
      const messages = console.take();
      if (messages.length > 0) throw new Error(`the descriptions of its classes cannot be read (${messages[0]})`);
      if (has) await file.checkStreamers(streamers);
      return file;
    } catch (error) {
      bytes.closeFile();
      throw new Error((error as Error).message.replace(` ${path}`, ''));
    }
  }

  /** The keys of a directory. @throws {Error} when the list is damaged */
  readKeys({ position, length }: Place): TKey[] {
    if (length === 0) return [];
    // A copy, because the keys keep it.
    const bytes = Buffer.from(this.bytes.read(position, length));
    const buffer = this.buffer(bytes);
    const own = buffer.readTKey();
    const count = buffer.ntoi4();
    if (Math.abs(own.fNbytes) !== length || !(count >= 0 && count <= this.limits.objects)) {
      throw new Error("a directory's list of keys is damaged");
    }
    return Array.from({ length: count }, () => {
      const from = buffer.o;
      const key = buffer.readTKey();
      this.keyBytes.set(key, bytes.subarray(from, buffer.o));
      return key;
    });
  }

  /** The place of the keys of a subdirectory. @throws {Error} when its record is damaged */
  async readDirectory(key: TKey): Promise<Place> {
    return directoryKeys((await this.readRecord(key)).data);
  }

  /** @throws {Error} one sentence: why the object cannot be read */
  async readObject(key: TKey): Promise<ReadObject> {
    const { data, isOwn } = await this.readRecord(key);
    const buffer = this.buffer(data);
    if (isOwn) buffer.usedTo = 0;
    buffer.fTagOffset = key.fKeylen;
    this.console.take();
    const histogram = this.plans?.read(key.fClassName, buffer);
    if (histogram) return { object: histogram, messages: [] };
    this.console.take();
    const object: Record<string, unknown> = {};
    buffer.mapObject(1, object);
    buffer.classStreamer(object, key.fClassName);
    const messages = this.console.take();
    if (buffer.o !== key.fObjlen) messages.push(`Missmatch: ${buffer.o} of ${key.fObjlen} bytes were read`);
    return { object, messages };
  }

  /**
   * Whether a record and one of another file are the same to the last byte, and both files describe their classes in the same
   * way: then both hold the same object. It is cheap to tell, because records need not be uncompressed.
   */
  hasSame(key: TKey, other: RootFile, otherKey: TKey): boolean {
    const isLike = (['fNbytes', 'fKeylen', 'fObjlen', 'fClassName'] as const).every(
      (name) => key[name] === otherKey[name],
    );
    if (!isLike || !this.hasSameClasses(other)) return false;
    try {
      const [record, otherRecord] = [this.rawRecord(key), other.rawRecord(otherKey)];
      return record.subarray(key.fKeylen).equals(otherRecord.subarray(key.fKeylen));
    } catch {
      return false; // Reading the object tells why.
    }
  }

  private hasSameClasses(other: RootFile): boolean {
    const known = this.sameClasses.get(other);
    if (known !== undefined) return known;
    const isSame = this.classes().equals(other.classes());
    this.sameClasses.set(other, isSame);
    return isSame;
  }

  /** The record with the descriptions of classes, without its key. */
  private classes(): Buffer {
    const { position, length } = this.streamers;
    const record = this.bytes.read(position, length);
    return length > KEY_LENGTH_AT + 2 ? record.subarray(record.readUInt16BE(KEY_LENGTH_AT)) : record;
  }

  close(): void {
    if (this.parsed) this.parsed.delete();
    else this.bytes.closeFile();
  }

  private buffer(bytes: Buffer): TBuffer {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return new TBuffer(view, 0, this.parsed as TFile);
  }

  /** The uncompressed data of a record. `isOwn`: nothing else uses their memory. */
  private async readRecord(key: TKey): Promise<{ data: Buffer; isOwn: boolean }> {
    const { fNbytes, fKeylen, fObjlen } = key;
    const stored = fNbytes - fKeylen;
    if (!(fKeylen > 0 && stored >= 0 && fObjlen >= stored)) throw new Error('its key has impossible sizes');
    if (fObjlen > this.limits.objectBytes) {
      const [has, read] = [fObjlen, this.limits.objectBytes].map((size) => Math.ceil(size / MB));
      throw new Error(`it has ${has} MB, and no more than ${read} MB are read`);
    }
    const record = this.rawRecord(key);
    const data = record.subarray(fKeylen);
    if (fObjlen === stored) return { data, isOwn: record.length > SMALL };
    return { data: await unzip(data, fObjlen), isOwn: true };
  }

  /** A record with its key, as it is in the file. */
  private rawRecord(key: TKey): Buffer {
    const record = this.bytes.read(key.fSeekKey, key.fNbytes);
    this.checkKey(record, key);
    return record;
  }

  /** A record must begin with the same key as in the directory. */
  private checkKey(record: Buffer, key: TKey): void {
    const bytes = this.keyBytes.get(key);
    if (bytes && record.subarray(0, Math.min(bytes.length, key.fKeylen)).equals(bytes)) return;
    const own = this.buffer(record.subarray(0, key.fKeylen)).readTKey();
    const same = (['fNbytes', 'fObjlen', 'fKeylen', 'fClassName', 'fName'] as const).every((n) => own[n] === key[n]);
    if (!same) throw new Error('what stands at its place is another record');
  }

  /** jsroot reads the streamer infos without checking their checksum. */
  private async checkStreamers({ position, length }: Place): Promise<void> {
    const record = this.bytes.read(position, length);
    const { fKeylen, fObjlen } = this.buffer(record).readTKey();
    if (fObjlen > length - fKeylen) await unzip(record.subarray(fKeylen), fObjlen);
  }
}
