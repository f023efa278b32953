/** The part of jsroot that reads files; the package has types for its whole only. */
declare module 'jsroot/io' {
  /** A record of the file. Names are as bytes; `fRealName` stands where `fName` lost its quotes. */
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

  export interface TFile {
    fKeys: TKey[];
    delete(): void;
  }

  export class TBuffer {
    constructor(data: DataView, position: number, file: TFile);
    arr: DataView;
    /** Where reading is. */
    o: number;
    length: number;
    fTagOffset: number;
    mapObject(tag: number, object: object): void;
    classStreamer(object: object, className: string): object;
    readTKey(): TKey;
    ntoi4(): number;
    readFastArray(length: number, type: number): ArrayLike<number> | unknown[];
    readNullTerminatedString(): string;
    substring(from: number, to: number): string;
  }

  /** Codes of types in streamer infos. */
  export const kDouble: number;
  export const kFloat: number;

  export function openFile(proxy: FileProxy): Promise<TFile>;
  /** Uncompresses the blocks of a record; null where it cannot. */
  export function R__unzip(data: DataView, length: number, quiet: boolean): Promise<DataView | null>;
}

declare module 'jsroot/core' {
  export const internals: { _ZstdStream: { decompress(data: Uint8Array): Uint8Array } };
}

/** Only of Node.js 22.15 on, and not among the types of Node.js 20. */
declare module 'node:zlib' {
  export function zstdDecompressSync(data: Uint8Array, options: { maxOutputLength: number }): Buffer;
}
