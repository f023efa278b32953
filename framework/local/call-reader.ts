import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import protobuf from 'protobufjs';
import { jsonCodec, protobufCodec } from '../mesos/codec.ts';
import type { Call } from '../mesos/messages.ts';

/** The text of the 400 that Mesos answers to a body it cannot read. */
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
    const at = Number(/position (\d+)/.exec((error as Error).message)?.[1] ?? text.length);
    const line = text.slice(0, at).split('\n').length;
    const near = text.slice(at).split('\n')[0];
    throw new UnreadableCall(`Failed to parse body into JSON: syntax error at line ${line} near: ${near}`);
  }
}

/** Collects required fields that are missing below a message. @throws UnreadableCall at the first value of a wrong type */
function checkMessage(type: protobuf.Type, value: unknown, path: string, missing: string[]): void {
  const object = value as Record<string, unknown>;
  for (const field of type.fieldsArray) {
    const held = object[field.name] ?? undefined;
    const at = path === '' ? field.name : `${path}.${field.name}`;
    if (held === undefined || isUnknownEnum(field, held)) {
      if (field.required) missing.push(at);
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

/** A name that the enum does not have counts as unset, as it would with a newer client. */
function isUnknownEnum(field: protobuf.Field, value: unknown): boolean {
  return (
    field.resolvedType instanceof protobuf.Enum && typeof value === 'string' && !(value in field.resolvedType.values)
  );
}

const JSON_TYPES: Record<string, string> = { string: 'string', bytes: 'string', bool: 'boolean' };

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

function checkScalar(field: protobuf.Field, value: unknown): void {
  const expected = JSON_TYPES[field.type] ?? 'number';
  if (typeof value === expected) return;
  if (expected !== 'number' || typeof value !== 'string') throw unexpected(value, field);
  if (value.trim() === '' || Number.isNaN(Number(value))) {
    throw unconvertible(
      `Failed to parse '${value}' as a JSON number for field '${field.name}': syntax error at line 1 near: ${value}`,
    );
  }
}

function unexpected(value: unknown, field: protobuf.Field): UnreadableCall {
  const kind = Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
  return unconvertible(`Not expecting a JSON ${kind} for field '${field.name}'`);
}
