/** The part of jsroot that reads files. The package has types only for the whole of jsroot. */
declare module 'jsroot/io' {
  /** The key of a record. Names have one character per byte. `fRealName` is set if `fName` lost its quotes. */
  export interface TKey {
    fName: string;
    fRealName?: string;
    fClassName: string;
    fTitle: string;
    fCycle: number;
    fObjlen: number;
    fNbytes: number;
    fKeylen: number;
    fSeekKey: number;
  }

  export class FileProxy {
    openFile(): Promise<boolean>;
    getFileName(): string;
    getFileSize(): number;
    readBuffer(position: number, length: number): Promise<DataView>;
    closeFile(): void;
  }

  /** How to read a member of a class. Numbers are codes of types. */
  export interface Member {
    name?: string;
    /** Set for a class that the class derives from. */
    basename?: string;
    /** The class of the member, if it is an object. */
    classname?: string;
    type?: number;
    /** The type of the numbers of an array. */
    arrkind?: number;
    /** The name of the member that holds the length of an array. */
    cntname?: string;
    fArrayLength?: number;
    /** Set for numbers that are stored with fewer bits. */
    read?: unknown;
    /** Set if it is not in the file, but is given to each object. */
    method?: unknown;
  }

  export interface TFile {
    fKeys: TKey[];
    /** The descriptions of classes. */
    fStreamerInfos: { arr: { fName: string; fClassVersion: number }[] };
    getStreamer(...names: unknown[]): Member[] | null;
    delete(): void;
  }

  export class TBuffer {
    constructor(data: DataView, position: number, file: TFile);
    arr: DataView;
    /** The current position. */
    o: number;
    length: number;
    fTagOffset: number;
    /** Ours: set if arrays may use the memory of the buffer. They use it up to this position. */
    usedTo?: number;
    mapObject(tag: number, object: object): void;
    classStreamer(object: object, className: string): object;
    readTKey(): TKey;
    ntoi4(): number;
    readFastArray(length: number, type: number): ArrayLike<number> | unknown[];
    readNullTerminatedString(): string;
    readTString(): string;
    substring(from: number, to: number): string;
  }

  /** Codes of types in streamer infos. */
  export const kDouble: number;
  export const kFloat: number;

  export function openFile(proxy: FileProxy): Promise<TFile>;
  /** Uncompresses the blocks of a record; null if it cannot. */
  export function R__unzip(data: DataView, length: number, quiet: boolean): Promise<DataView | null>;
}

declare module 'jsroot/core' {
  export const internals: { _ZstdStream: { decompress(data: Uint8Array): Uint8Array } };
}

/** Exists from Node.js 22.15 on. The types of Node.js 20 do not have it. */
declare module 'node:zlib' {
  export function zstdDecompressSync(data: Uint8Array, options: { maxOutputLength: number }): Buffer;
}
