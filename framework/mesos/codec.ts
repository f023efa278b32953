import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import protobuf from 'protobufjs';
import type { Call, Event } from './messages.ts';
import { type ReportUnknown, reportUnknown } from './unknown.ts';

/** How calls and events are encoded. Masters compare these content types exactly (any other: 415). */
export interface Codec {
  readonly contentType: 'application/x-protobuf' | 'application/json';
  encodeCall(call: Call): Buffer;
  /** @throws CodecError */
  decodeCall(bytes: Uint8Array): Call;
  encodeEvent(event: Event): Buffer;
  /**
   * Unknown fields are skipped. An unknown enum value is returned as its number from protobuf, and is missing from JSON.
   * @param unknown called for each of these
   * @throws CodecError
   */
  decodeEvent(bytes: Uint8Array, unknown?: ReportUnknown): Event;
}

/** Bytes that are not such a message, with the decoder's reason. */
export class CodecError extends Error {
  override name = 'CodecError';
}

const schema = protobuf.parse(
  readFileSync(createRequire(import.meta.url).resolve('release-validation/framework/mesos/v1.proto'), 'utf8'),
  { keepCase: true },
).root;
// proto2 enums are closed: an unknown value of a required field would make the field look missing, so one new task
// state of a newer master would lose the whole event. Open enums keep the number, and encode to the same.
for (const object of (schema.lookup('mesos.v1') as protobuf.Namespace).nestedArray) {
  object.setOption('features', { enum_type: 'OPEN' });
}
const CallMessage = schema.lookupType('mesos.v1.Call');
const EventMessage = schema.lookupType('mesos.v1.Event');

const AS_HELD: protobuf.IConversionOptions = { enums: String, longs: String, bytes: Buffer };
const AS_JSON: protobuf.IConversionOptions = { enums: String, longs: String, bytes: String };

function encode(type: protobuf.Type, value: Call | Event): Buffer {
  return Buffer.from(type.encode(type.fromObject(value)).finish());
}

function decode(type: protobuf.Type, bytes: Uint8Array, unknown?: ReportUnknown): unknown {
  try {
    const reader = protobuf.Reader.create(bytes);
    reader.discardUnknown = unknown === undefined;
    const message = type.decode(reader);
    if (unknown) reportUnknown(type, message, unknown);
    return type.toObject(message, AS_HELD);
  } catch (error) {
    throw new CodecError(`not a ${type.name}: ${(error as Error).message}`, { cause: error });
  }
}

/** The format for normal use: `application/x-protobuf`. */
export const protobufCodec: Codec = {
  contentType: 'application/x-protobuf',
  encodeCall: (call) => encode(CallMessage, call),
  decodeCall: (bytes) => decode(CallMessage, bytes) as Call,
  encodeEvent: (event) => encode(EventMessage, event),
  decodeEvent: (bytes, unknown) => decode(EventMessage, bytes, unknown) as Event,
};

/**
 * Mesos prints 64-bit integers bare, also above 2^53 where JSON.parse rounds. Those fields of the subset are times in
 * nanoseconds and the ends of ranges; quoting them before parsing keeps every digit. A quote inside of a string is
 * escaped, so neither pattern matches there.
 */
const BARE_INT64 = /("(?:nanoseconds|begin|end)"\s*:\s*)(-?\d{16,})/g;
const QUOTED_INT64 = /("(?:nanoseconds|begin|end)":)"(-?\d+)"/g;

function encodeJson(type: protobuf.Type, value: Call | Event): Buffer {
  const text = JSON.stringify(type.toObject(type.fromObject(value), AS_JSON));
  return Buffer.from(text.replace(QUOTED_INT64, '$1$2'));
}

function decodeJson(type: protobuf.Type, bytes: Uint8Array, unknown?: ReportUnknown): unknown {
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    const parsed = JSON.parse(text.replace(BARE_INT64, '$1"$2"'));
    const message = type.fromObject(parsed);
    if (unknown) reportUnknown(type, parsed, unknown);
    return type.toObject(message, AS_HELD);
  } catch (error) {
    throw new CodecError(`not a ${type.name}: ${(error as Error).message}`, { cause: error });
  }
}

/** The readable format, for debugging: `application/json`. It gives the same objects as protobuf. */
export const jsonCodec: Codec = {
  contentType: 'application/json',
  encodeCall: (call) => encodeJson(CallMessage, call),
  decodeCall: (bytes) => decodeJson(CallMessage, bytes) as Call,
  encodeEvent: (event) => encodeJson(EventMessage, event),
  decodeEvent: (bytes, unknown) => decodeJson(EventMessage, bytes, unknown) as Event,
};
