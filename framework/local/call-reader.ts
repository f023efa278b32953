import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import protobuf from 'protobufjs';
import { jsonCodec, protobufCodec } from '../mesos/codec.ts';
import type { Call } from '../mesos/messages.ts';

/** The text of Mesos' answer 400 to a body that it cannot read. */
export class UnreadableCall extends Error {
  override name = 'UnreadableCall';
}

const CallType = protobuf
  .parse(readFileSync(createRequire(import.meta.url).resolve('release-validation/framework/mesos/v1.proto'), 'utf8'), {
    keepCase: true,
  })
  .root.resolveAll()
  .lookupTypeOrEnum('mesos.v1.Call') as protobuf.Type;

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
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw unconvertible('Expecting a JSON object');
  }
  const missing: string[] = [];
  checkMessage(CallType, parsed, '', missing);
  if (missing.length > 0) throw unconvertible(`Missing required fields: ${missing.join(', ')}`);
  return jsonCodec.decodeCall(body);
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
function checkMessage(type: protobuf.Type, value: unknown, path: string, missing: string[]): void {
  const object = value as Record<string, unknown>;
  for (const field of type.fieldsArray) {
    const held = object[field.name] ?? undefined;
    const at = path === '' ? field.name : `${path}.${field.name}`;
    if (held === undefined) {
      if (field.required) missing.push(at);
    } else if (isUnknownEnum(field, held)) {
      if (field.required) throw unconvertible(`Failed to find enum for '${held}'`);
    } else if (field.map) {
      for (const [key, entry] of Object.entries(held)) checkValue(field, entry, `${at}[${key}]`, missing);
    } else if (field.repeated) {
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
function isUnknownEnum(field: protobuf.Field, value: unknown): boolean {
  return (
    field.resolvedType instanceof protobuf.Enum && typeof value === 'string' && !(value in field.resolvedType.values)
  );
}

function checkValue(field: protobuf.Field, value: unknown, path: string, missing: string[]): void {
  const { resolvedType } = field;
  if (resolvedType instanceof protobuf.Type) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected(value, field);
    checkMessage(resolvedType, value, path, missing);
  } else if (resolvedType instanceof protobuf.Enum) {
    if (typeof value !== 'string') throw unexpected(value, field);
  } else {
    checkScalar(field, value);
  }
}

const JSON_TYPES: Record<string, 'string' | 'boolean'> = { string: 'string', bytes: 'string', bool: 'boolean' };

/** Numbers may be written as strings. */
function checkScalar(field: protobuf.Field, value: unknown): void {
  const expected = JSON_TYPES[field.type] ?? 'number';
  if (typeof value === expected) {
    const wrong = field.type === 'bytes' ? /[^A-Za-z0-9+/=]/.exec(String(value)) : null;
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

function unexpected(value: unknown, field: protobuf.Field): UnreadableCall {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return unconvertible(`Not expecting a JSON ${kind} for field '${field.name}'`);
}
