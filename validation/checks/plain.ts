import type { Window } from './windows.ts';

/** The encoding of a log. */
export type Encoding = 'utf8' | 'utf16le' | 'utf16be';

/**
 * A window as a person reads it: in UTF-8, and without terminal sequences and NUL bytes, so that neither hides a text. So text
 * in UTF-32, and a part of a log that is in another encoding than its begin, can be read where it is in English. A
 * sequence that moves the cursor to another place becomes a carriage return. Places are indices of `bytes`.
 */
export interface PlainWindow {
  bytes: Buffer;
  from: number;
  to: number;
  /** The offset of a place in the file. */
  offsetOf(place: number): number;
  /** The first place at or after an offset in the file. */
  placeOf(offset: number): number;
}

const NUL = 0;
const ESCAPE = 0x1b;
const BACKSPACE = 8;
const RETURN = 13;
const NEWLINE = 10;

/** The number of bytes at the start of a file that decide its encoding. */
const SAMPLE = 4096;

/**
 * In UTF-16, nearly every second byte of a mostly English text is zero. A byte order mark alone does not decide, because logs
 * may contain any bytes.
 */
export function encodingOf(begin: Uint8Array): Encoding {
  const pairs = Math.min(begin.length, SAMPLE) >> 1;
  if (pairs < 4) return 'utf8';
  let even = 0;
  let odd = 0;
  for (let i = 0; i < 2 * pairs; i += 2) {
    if (begin[i] === 0) even++;
    if (begin[i + 1] === 0) odd++;
  }
  const isMarked = (begin[0] === 0xff && begin[1] === 0xfe) || (begin[0] === 0xfe && begin[1] === 0xff);
  const least = (isMarked ? 0.3 : 0.7) * pairs;
  if (odd > least && even < 0.05 * pairs) return 'utf16le';
  return even > least && odd < 0.05 * pairs ? 'utf16be' : 'utf8';
}

/** Makes a plain window. If nothing has to be removed, it shares the bytes of the window. */
export function plainWindow(window: Window, encoding: Encoding): PlainWindow {
  const { bytes, base } = window;
  let plain: { bytes: Buffer; places: Uint32Array } | undefined;
  if (encoding !== 'utf8') plain = decoded(window, encoding);
  const text = plain?.bytes ?? bytes;
  if (text.includes(ESCAPE) || text.includes(BACKSPACE) || text.includes(NUL))
    plain = withoutSequences(text, plain?.places);
  if (!plain) return { ...window, offsetOf: (place) => base + place, placeOf: (offset) => Math.max(0, offset - base) };
  const { places } = plain;
  const placeOf = (offset: number): number => firstAtLeast(places, offset - base);
  return {
    bytes: plain.bytes,
    from: placeOf(base + window.from),
    to: placeOf(base + window.to),
    offsetOf: (place) => base + (places[place] ?? bytes.length),
    placeOf,
  };
}

/** Bytes of UTF-8 as text without terminal sequences and NUL bytes. */
export function plainText(bytes: Buffer): string {
  return withoutSequences(bytes).bytes.toString('utf8');
}

/** Converts UTF-16 to UTF-8. `places` has, for each byte, the index of its UTF-16 unit. */
function decoded({ bytes, base }: Window, encoding: Encoding): { bytes: Buffer; places: Uint32Array } {
  // Units begin at even offsets of the file.
  const begin = base & 1;
  const [low, high] = encoding === 'utf16le' ? [0, 1] : [1, 0];
  const text = Buffer.allocUnsafe(2 * bytes.length);
  const places = new Uint32Array(2 * bytes.length);
  let length = 0;
  for (let i = begin; i + 1 < bytes.length; i += 2) {
    let code = (bytes[i + low] as number) | ((bytes[i + high] as number) << 8);
    if (code < 0x80) {
      places[length] = i;
      text[length++] = code;
      continue;
    }
    const next = i + 3 < bytes.length ? (bytes[i + 2 + low] as number) | ((bytes[i + 2 + high] as number) << 8) : 0;
    const isPair = (code & 0xfc00) === 0xd800 && (next & 0xfc00) === 0xdc00;
    if (isPair) code = 0x10000 + ((code & 0x3ff) << 10) + (next & 0x3ff);
    const before = length;
    length += text.write(String.fromCodePoint(code), length, 'utf8');
    places.fill(i, before, length);
    if (isPair) i += 2;
  }
  return { bytes: text.subarray(0, length), places: places.subarray(0, length) };
}

/** Removes terminal sequences and NUL bytes. `places` has, for each byte, its place in the text, or the entry of `of` for that place. */
function withoutSequences(text: Buffer, of?: Uint32Array): { bytes: Buffer; places: Uint32Array } {
  const bytes = Buffer.allocUnsafe(text.length);
  const places = new Uint32Array(text.length);
  let length = 0;
  for (let i = 0; i < text.length; ) {
    let byte = text[i] as number;
    let next = i + 1;
    if (byte === ESCAPE) {
      const sequence = sequenceAt(text, i);
      next = sequence.end;
      byte = sequence.instead;
    } else if (byte === BACKSPACE) byte = RETURN;
    else if (byte === NUL) byte = NOTHING;
    if (byte !== NOTHING) {
      places[length] = i;
      bytes[length++] = byte;
    }
    i = next;
  }
  if (of) for (let i = 0; i < length; i++) places[i] = of[places[i] as number] as number;
  return { bytes: bytes.subarray(0, length), places: places.subarray(0, length) };
}

const NOTHING = -1;
/** Final letters of sequences that move the cursor up, down, to a column or to a place, or that clear the screen. */
const MOVES = 'ABDEFGHJdf';

/**
 * The terminal sequence at an escape character (ECMA-48): its end, and the byte that replaces it. If the sequence is not
 * complete, only its first characters are removed, so that it hides no text.
 */
function sequenceAt(text: Buffer, at: number): { end: number; instead: number } {
  const kind = text[at + 1];
  if (kind === 0x5b) {
    // CSI: parameters, intermediate bytes, a final one.
    let i = at + 2;
    while (isWithin(text[i], 0x30, 0x3f)) i++;
    const parameters = i;
    while (isWithin(text[i], 0x20, 0x2f)) i++;
    if (!isWithin(text[i], 0x40, 0x7e)) return { end: at + 2, instead: NOTHING };
    const final = String.fromCharCode(text[i] as number);
    // K with a number other than 0 clears the line, or the part before the cursor.
    const clears = final === 'K' && parameters > at + 2 && text[at + 2] !== 0x30;
    if (final === 'C') return { end: i + 1, instead: 0x20 };
    return { end: i + 1, instead: clears || MOVES.includes(final) ? RETURN : NOTHING };
  }
  if (kind === 0x5d) {
    // OSC, such as a window's title or a link, ends with a bell or ESC \. It ends within its line.
    for (let i = at + 2; i < text.length && text[i] !== NEWLINE; i++) {
      if (text[i] === 7) return { end: i + 1, instead: NOTHING };
      if (text[i] === ESCAPE && text[i + 1] === 0x5c) return { end: i + 2, instead: NOTHING };
    }
    return { end: at + 2, instead: NOTHING };
  }
  let i = at + 1;
  while (isWithin(text[i], 0x20, 0x2f)) i++;
  return { end: isWithin(text[i], 0x30, 0x7e) ? i + 1 : at + 1, instead: NOTHING };
}

function isWithin(byte: number | undefined, least: number, most: number): boolean {
  return byte !== undefined && byte >= least && byte <= most;
}

/** The index of the first number that is at least `wanted`. The numbers ascend. */
function firstAtLeast(numbers: Uint32Array, wanted: number): number {
  let low = 0;
  let high = numbers.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}
