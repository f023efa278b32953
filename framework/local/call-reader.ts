import { CodecError, jsonCodec, protobufCodec } from '../mesos/codec.ts';
import type { Call } from '../mesos/messages.ts';
import type { Field, Message, MessageType } from '../mesos/schema.ts';
import { CALL } from '../mesos/v1.ts';
import { isObject } from '../mesos/values.ts';

/** The text of Mesos' answer 400 to a body that it cannot read. */
export class UnreadableCall extends Error {
  override name = 'UnreadableCall';
}

/** Reads a call as strictly as Mesos does. @throws UnreadableCall */
export function readCall(contentType: string, body: Buffer): Partial<Call> {
  if (contentType === protobufCodec.contentType) {
    try {
      return protobufCodec.decodeCall(body);
    } catch {
      throw new UnreadableCall('Failed to parse body into Call protobuf');
    }
  }
  const parsed = parseJson(body.toString('utf8'));
  if (!isObject(parsed)) throw unconvertible('Expecting a JSON object');
  const missing: string[] = [];
  checkMessage(CALL, parsed, '', missing);
  if (missing.length > 0) throw unconvertible(`Missing required fields: ${missing.join(', ')}`);
  try {
    return jsonCodec.decodeCall(body);
  } catch (error) {
    // Numbers beyond the range of their fields, which the check above lets through.
    throw error instanceof CodecError ? unconvertible(error.message) : error;
  }
}

const unconvertible = (why: string): UnreadableCall =>
  new UnreadableCall(`Failed to convert JSON into Call protobuf: ${why}`);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    const at = Number(/position (\d+)/.exec(message)?.[1] ?? text.length);
    const end = text.slice(0, at).trimEnd().length;
    const line = text.slice(0, at).split('\n').length;
    const why = message.includes('after JSON')
      ? `Parsed JSON included non-whitespace trailing characters: ${text.slice(end)}`
      : `syntax error at line ${line} near: ${text.slice(at).split('\n')[0]}`;
    throw new UnreadableCall(`Failed to parse body into JSON: ${why}`);
  }
}

/** Collects the missing required fields in a message and its parts. @throws UnreadableCall at the first value of a wrong type */
function checkMessage(type: MessageType, object: Message, path: string, missing: string[]): void {
  for (const field of type.fields) {
    const held = object[field.name] ?? undefined;
    const at = path === '' ? field.name : `${path}.${field.name}`;
    if (held === undefined) {
      if (field.label === 'required') missing.push(at);
    } else if (isUnknownEnum(field, held)) {
      if (field.label === 'required') throw unconvertible(`Failed to find enum for '${held}'`);
    } else if (field.map) {
      if (!isObject(held)) throw unexpected(held, field);
      const of = field.message.byName.get('value') as Field;
      for (const [key, entry] of Object.entries(held)) checkValue(of, entry, `${at}[${key}]`, missing);
    } else if (field.label === 'repeated') {
      if (!Array.isArray(held)) throw unexpected(held, field);
      held.forEach((entry, index) => {
        checkValue(field, entry, `${at}[${index}]`, missing);
      });
    } else {
      checkValue(field, held, at, missing);
    }
  }
}

/** An unknown name of an enum counts as unset, if the field is optional. */
function isUnknownEnum(field: Field, value: unknown): boolean {
  return field.kind === 'enum' && typeof value === 'string' && !field.enum.numbers.has(value);
}

function checkValue(field: Field, value: unknown, path: string, missing: string[]): void {
  if (field.kind === 'message') {
    if (!isObject(value)) throw unexpected(value, field);
    checkMessage(field.message, value, path, missing);
  } else if (field.kind === 'enum') {
    if (typeof value !== 'string') throw unexpected(value, field);
  } else {
    checkScalar(field, value);
  }
}

const JSON_TYPES: Record<string, 'string' | 'boolean'> = { string: 'string', bytes: 'string', bool: 'boolean' };

/** Numbers may be written as strings. */
function checkScalar(field: Field, value: unknown): void {
  const expected = JSON_TYPES[field.kind] ?? 'number';
  if (typeof value === expected) {
    const wrong = field.kind === 'bytes' ? /[^A-Za-z0-9+/=]/.exec(String(value)) : null;
    if (wrong) {
      throw unconvertible(`Failed to base64 decode bytes field '${field.name}': Invalid character '${wrong[0]}'`);
    }
    return;
  }
  if (expected === 'string' || typeof value !== 'string') throw unexpected(value, field);
  if (expected === 'number' && value.trim() !== '' && !Number.isNaN(Number(value))) return;
  throw unconvertible(
    `Failed to parse '${value}' as a JSON ${expected} for field '${field.name}': syntax error at line 1 near: ${value}`,
  );
}

function unexpected(value: unknown, field: Field): UnreadableCall {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return unconvertible(`Not expecting a JSON ${kind} for field '${field.name}'`);
}
