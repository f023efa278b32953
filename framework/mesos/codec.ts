import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import protobuf from 'protobufjs';
import type { Call, Event } from './messages.ts';

/** How calls and events are written. Masters compare these content types to the letter (reference: 415 otherwise). */
export interface Codec {
  readonly contentType: 'application/x-protobuf' | 'application/json';
  encodeCall(call: Call): Buffer;
  decodeCall(bytes: Uint8Array): Call;
  encodeEvent(event: Event): Buffer;
  decodeEvent(bytes: Uint8Array): Event;
}

/** Bytes that are no such message, with the decoder's reason. */
export class CodecError extends Error {
  override name = 'CodecError';
}

const schema = protobuf.parse(
  readFileSync(createRequire(import.meta.url).resolve('release-validation/framework/mesos/v1.proto'), 'utf8'),
  { keepCase: true },
).root;
const CallMessage = schema.lookupType('mesos.v1.Call');
const EventMessage = schema.lookupType('mesos.v1.Event');

function encode(type: protobuf.Type, value: Call | Event): Buffer {
  return Buffer.from(type.encode(type.fromObject(value)).finish());
}

function decode(type: protobuf.Type, bytes: Uint8Array, options: protobuf.IConversionOptions): unknown {
  try {
    return type.toObject(type.decode(bytes), options);
  } catch (error) {
    throw new CodecError(`not a ${type.name}: ${(error as Error).message}`, { cause: error });
  }
}

const AS_HELD: protobuf.IConversionOptions = { enums: String, longs: String, bytes: Buffer };
const AS_JSON: protobuf.IConversionOptions = { enums: String, longs: String, bytes: String };

/** The wire format for work: `application/x-protobuf`. */
export const protobufCodec: Codec = {
  contentType: 'application/x-protobuf',
  encodeCall: (call) => encode(CallMessage, call),
  decodeCall: (bytes) => decode(CallMessage, bytes, AS_HELD) as Call,
  encodeEvent: (event) => encode(EventMessage, event),
  decodeEvent: (bytes) => decode(EventMessage, bytes, AS_HELD) as Event,
};

function encodeJson(type: protobuf.Type, value: Call | Event): Buffer {
  return Buffer.from(JSON.stringify(type.toObject(type.fromObject(value), AS_JSON), null, 0));
}

/**
 * Mesos prints 64-bit integers bare, also above 2^53 where JSON.parse rounds. Those fields of the subset are times in
 * nanoseconds and the ends of ranges; quoting them first keeps every digit.
 */
const BARE_INT64 = /("(?:nanoseconds|begin|end)"\s*:\s*)(-?\d{16,})/g;

function decodeJson(type: protobuf.Type, bytes: Uint8Array): unknown {
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
    const held = type.fromObject(JSON.parse(text.replace(BARE_INT64, '$1"$2"')));
    return type.toObject(held, AS_HELD);
  } catch (error) {
    throw new CodecError(`not a ${type.name}: ${(error as Error).message}`, { cause: error });
  }
}

/** The readable form, for debugging: `application/json`. The same objects come out as from protobuf. */
export const jsonCodec: Codec = {
  contentType: 'application/json',
  encodeCall: (call) => encodeJson(CallMessage, call),
  decodeCall: (bytes) => decodeJson(CallMessage, bytes) as Call,
  encodeEvent: (event) => encodeJson(EventMessage, event),
  decodeEvent: (bytes) => decodeJson(EventMessage, bytes) as Event,
};
