import { fromJson, toJson } from './json.ts';
import type { Call, Event } from './messages.ts';
import type { MessageType } from './schema.ts';
import { CALL, EVENT } from './v1.ts';
import { type ReportUnknown, readMessage } from './wire-reader.ts';
import { writeMessage } from './wire-writer.ts';

/** How calls and events are encoded. Masters compare these content types exactly (any other: 415). */
export interface Codec {
  readonly contentType: 'application/x-protobuf' | 'application/json';
  /** @throws CodecError */
  encodeCall(call: Call): Buffer;
  /** @throws CodecError */
  decodeCall(bytes: Uint8Array): Call;
  /** @throws CodecError */
  encodeEvent(event: Event): Buffer;
  /**
   * Unknown fields are skipped. An unknown enum value is returned as its number from protobuf, and is missing from JSON.
   * @param unknown called for each of these
   * @throws CodecError
   */
  decodeEvent(bytes: Uint8Array, unknown?: ReportUnknown): Event;
}

/** Bytes that are not such a message, or an object that cannot be written as one, with the reason. */
export class CodecError extends Error {
  override name = 'CodecError';
}

/** @throws CodecError */
function attempt<Result>(what: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new CodecError(`${what}: ${(error as Error).message}`, { cause: error });
  }
}

function encode(type: MessageType, message: object): Buffer {
  return attempt(`cannot write a ${type.name}`, () => writeMessage(type, message));
}

function decode(type: MessageType, bytes: Uint8Array, unknown?: ReportUnknown): unknown {
  return attempt(`not a ${type.name}`, () => readMessage(type, bytes, unknown));
}

/** The format for normal use: `application/x-protobuf`. */
export const protobufCodec: Codec = {
  contentType: 'application/x-protobuf',
  encodeCall: (call) => encode(CALL, call),
  decodeCall: (bytes) => decode(CALL, bytes) as Call,
  encodeEvent: (event) => encode(EVENT, event),
  decodeEvent: (bytes, unknown) => decode(EVENT, bytes, unknown) as Event,
};

/**
 * Mesos prints 64-bit integers bare, also above 2^53 where JSON.parse rounds. Those fields of the subset are times in
 * nanoseconds and the ends of ranges; quoting them before parsing keeps every digit. A quote inside of a string is
 * escaped, so neither pattern matches there.
 */
const BARE_INT64 = /("(?:nanoseconds|begin|end)"\s*:\s*)(-?\d{16,})/g;
const QUOTED_INT64 = /("(?:nanoseconds|begin|end)":)"(-?\d+)"/g;

function encodeJson(type: MessageType, message: object): Buffer {
  const text = attempt(`cannot write a ${type.name}`, () => JSON.stringify(toJson(type, message)));
  return Buffer.from(text.replace(QUOTED_INT64, '$1$2'));
}

function decodeJson(type: MessageType, bytes: Uint8Array, unknown?: ReportUnknown): unknown {
  return attempt(`not a ${type.name}`, () => {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    return fromJson(type, JSON.parse(text.replace(BARE_INT64, '$1"$2"')), unknown);
  });
}

/** The readable format, for debugging: `application/json`. It gives the same objects as protobuf. */
export const jsonCodec: Codec = {
  contentType: 'application/json',
  encodeCall: (call) => encodeJson(CALL, call),
  decodeCall: (bytes) => decodeJson(CALL, bytes) as Call,
  encodeEvent: (event) => encodeJson(EVENT, event),
  decodeEvent: (bytes, unknown) => decodeJson(EVENT, bytes, unknown) as Event,
};
