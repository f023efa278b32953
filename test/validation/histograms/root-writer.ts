import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';

/** A file with the descriptions of TH1F, TH2F, TList and their members. Its record with the descriptions is copied. */
const TEMPLATE = join(import.meta.dirname, '../../fixtures/root/qa_ref.root');
const BEGIN = 100;
/** The largest number of bytes in a block of compressed data. */
const BLOCK = 0xffffff;

/** An axis of `bins` bins. */
export interface TestAxis {
  bins: number;
  low: number;
  high: number;
}

/** Contents without flow cells, x fastest. With a second axis, the histogram has two dimensions. */
export interface TestHistogram {
  name: string;
  title?: string;
  x?: TestAxis;
  y?: TestAxis;
  content: ArrayLike<number>;
  /** In a list: the class that the record names. */
  className?: string;
}

/** A record of a file. `sizes`: false sizes in its key. */
export interface TestRecord {
  name: string;
  className: string;
  title?: string;
  data: Buffer;
  sizes?: { stored?: number; length?: number; seek?: number };
}

/**
 * Writes a ROOT file: records in one directory, compressed if `compress` says so.
 * @param directories names of directories around it; `itself`: the innermost directory contains itself
 */
export function rootFile(
  records: TestRecord[],
  options: { compress?: boolean; directory?: string; loop?: boolean } = {},
): Buffer {
  const file = new Writer(options.compress ?? false);
  file.header();
  const root = file.directoryRecord('TFile', 'test.root', BEGIN);
  if (options.directory === undefined)
    file.keys(
      root,
      records.map((record) => file.record(record, BEGIN)),
    );
  else {
    const inner = file.directoryRecord('TDirectoryFile', options.directory, BEGIN);
    const keys = records.map((record) => file.record(record, inner.at));
    file.keys(inner, options.loop ? [...keys, inner.key] : keys);
    file.keys(root, [inner.key]);
  }
  return file.end();
}

/** Writes histograms to a file. */
export function writeHistograms(
  path: string,
  histograms: readonly TestHistogram[],
  options: { compress?: boolean; list?: string } = {},
): void {
  const records = options.list === undefined ? histograms.map(recordOf) : [listOf(options.list, histograms)];
  writeFileSync(path, rootFile(records, options));
}

export function recordOf(histogram: TestHistogram): TestRecord {
  const { name, title = '' } = histogram;
  return { name, title, className: histogram.y ? 'TH2F' : 'TH1F', data: histogramData(histogram) };
}

/** All of them in one TList. */
export function listOf(name: string, histograms: readonly TestHistogram[]): TestRecord {
  const parts = [object(), text(''), int(histograms.length)];
  for (const one of histograms) {
    const className = Buffer.from(`${one.className ?? (one.y ? 'TH2F' : 'TH1F')}\0`);
    const data = histogramData(one);
    parts.push(int(0x40000000 + 4 + className.length + data.length), int(0xffffffff), className, data, text(''));
  }
  return { name, className: 'TList', title: '', data: framed(5, ...parts) };
}

function histogramData({ name, title = '', x = { bins: 0, low: 0, high: 1 }, y, content }: TestHistogram): Buffer {
  const nx = x.bins || content.length;
  const axis: TestAxis = { bins: nx, low: x.low, high: x.high };
  const ny = y?.bins ?? 1;
  const cells = (nx + 2) * (y ? ny + 2 : 1);
  const values = Buffer.alloc(4 * cells);
  let total = 0;
  for (let i = 0; i < content.length; i++) {
    const cell = y ? (i % nx) + 1 + (nx + 2) * (Math.floor(i / nx) + 1) : i + 1;
    values.writeFloatBE(content[i] as number, 4 * cell);
    total += content[i] as number;
  }
  const one: TestAxis = { bins: 1, low: 0, high: 1 };
  const base = framed(
    8,
    named(name, title),
    framed(2, short(602), short(1), short(1)),
    framed(2, short(0), short(1001)),
    framed(2, short(1), short(1), float(1)),
    int(cells),
    axisData('xaxis', axis),
    axisData('yaxis', y ?? one),
    axisData('zaxis', one),
    short(0),
    short(1000),
    ...[total, total, total, 0, 0, -1111, -1111, 0].map(double),
    int(0),
    int(0),
    text(''),
    framed(5, object(), text(''), int(0)),
    int(0),
    Buffer.from([0]),
    int(0),
    int(2),
  );
  if (!y) return framed(3, base, int(cells), values);
  return framed(4, framed(5, base, double(1), double(0), double(0), double(0)), int(cells), values);
}

function axisData(name: string, { bins, low, high }: TestAxis): Buffer {
  const looks = [
    int(510),
    short(1),
    short(1),
    short(42),
    ...[0.005, 0.035, 0.03, 1, 0.035].map(float),
    short(1),
    short(42),
  ];
  const range = [int(bins), double(low), double(high), int(0), int(0), int(0), short(0), Buffer.from([0])];
  return framed(10, named(name, ''), framed(4, ...looks), ...range, text(''), int(0), int(0));
}

class Writer {
  private readonly parts: Buffer[] = [];
  private at = 0;
  private readonly compress: boolean;

  constructor(compress: boolean) {
    this.compress = compress;
  }

  header(): void {
    this.add(Buffer.alloc(BEGIN));
  }

  /** The record of a directory. The place of its keys is written into it later. */
  directoryRecord(className: string, name: string, parent: number): { at: number; data: Buffer; key: Buffer } {
    const isFile = className === 'TFile';
    const data = Buffer.concat([...(isFile ? [text(name), text('')] : []), Buffer.alloc(60)]);
    const place = data.subarray(data.length - 60);
    place.writeInt16BE(5, 0);
    const { at } = this;
    const key = this.record({ name, className, data }, parent, false);
    place.writeInt32BE(data.length - 60 + key.length, 14);
    place.writeInt32BE(at, 18);
    place.writeInt32BE(isFile ? 0 : parent, 22);
    return { at, data: place, key };
  }

  record(
    { name, className, title = '', data, sizes = {} }: TestRecord,
    parent: number,
    compress = this.compress,
  ): Buffer {
    const stored = compress ? pack(data) : data;
    const head = keyHead(className, name, title);
    const length = 26 + head.length;
    const key = Buffer.concat([
      int((sizes.stored ?? stored.length) + length),
      short(4),
      int(sizes.length ?? data.length),
      int(0),
      short(length),
      short(1),
      int(sizes.seek ?? this.at),
      int(parent),
      head,
    ]);
    this.add(key);
    this.add(stored);
    return key;
  }

  keys({ data, at }: { data: Buffer; at: number }, keys: readonly Buffer[]): void {
    const from = this.at;
    const list = Buffer.concat([int(keys.length), ...keys]);
    const key = this.record({ name: 'keys', className: 'TFile', data: list }, at, false);
    data.writeInt32BE(key.length + list.length, 10);
    data.writeInt32BE(from, 26);
  }

  end(): Buffer {
    const template = readFileSync(TEMPLATE);
    const [seek, length] = [template.readInt32BE(37), template.readInt32BE(41)];
    const streamers = this.at;
    const record = Buffer.from(template.subarray(seek, seek + length));
    record.writeInt32BE(streamers, 18);
    this.add(record);
    const header = this.parts[0] as Buffer;
    header.write('root', 0);
    const root = this.parts[1] as Buffer;
    // Version, begin, end, seek and length of the free list, free segments, length of the name, width of positions.
    const name = root.length + (this.parts[2] as Buffer).length - 60;
    for (const [i, value] of [62400, BEGIN, this.at, this.at, 0, 0, name].entries())
      header.writeInt32BE(value, 4 + 4 * i);
    header.writeInt8(4, 32);
    header.writeInt32BE(streamers, 37);
    header.writeInt32BE(length, 41);
    return Buffer.concat(this.parts);
  }

  private add(bytes: Buffer): void {
    this.parts.push(bytes);
    this.at += bytes.length;
  }
}

function keyHead(className: string, name: string, title: string): Buffer {
  return Buffer.concat([text(className), text(name), text(title)]);
}

function pack(data: Buffer): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < data.length; at += BLOCK) {
    const part = data.subarray(at, at + BLOCK);
    const packed = deflateSync(part);
    const header = Buffer.from('ZL\x08\0\0\0\0\0\0', 'latin1');
    header.writeUIntLE(packed.length, 3, 3);
    header.writeUIntLE(part.length, 6, 3);
    blocks.push(header, packed);
  }
  return Buffer.concat(blocks);
}

/** A version and its data, with their length before them. */
function framed(version: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([int(0x40000000 + body.length + 2), short(version), body]);
}

function named(name: string, title: string): Buffer {
  return framed(1, object(), text(name), text(title));
}

function object(): Buffer {
  return Buffer.concat([short(1), int(0), int(0x03000000)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  const length =
    bytes.length < 255 ? Buffer.from([bytes.length]) : Buffer.concat([Buffer.from([255]), int(bytes.length)]);
  return Buffer.concat([length, bytes]);
}

function short(value: number): Buffer {
  const out = Buffer.alloc(2);
  out.writeUInt16BE(value & 0xffff);
  return out;
}

function int(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value >>> 0);
  return out;
}

function float(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeFloatBE(value);
  return out;
}

function double(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeDoubleBE(value);
  return out;
}
