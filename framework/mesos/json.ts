import { type Field, isReserved, type Message, type MessageType } from './schema.ts';
import { integer32, integer64, isObject, MAX_DEPTH, setEntry, wrongValue } from './values.ts';
import type { ReportUnknown } from './wire-reader.ts';

/**
 * Reads the JSON form of a message: bytes are base64, 64-bit integers are numbers or texts, null means absent. It does not
 * check that required fields are there: an unknown name of an enum makes its field absent.
 * @param json what JSON.parse returned
 * @param report called for unknown fields and unknown values of enums, which are skipped
 * @throws Error if a value has another type than its field
 */
export function fromJson(type: MessageType, json: unknown, report?: ReportUnknown): Message {
  return readMessage(type, json, 0, report);
}

/**
 * Makes the JSON form of a message, with its fields in the order of their numbers. 64-bit integers are texts.
 * @throws Error if a value has another type than its field
 */
export function toJson(type: MessageType, message: object): Message {
  return writeMessage(type, message as Message, 0);
}

function readMessage(type: MessageType, json: unknown, depth: number, report?: ReportUnknown): Message {
  if (!isObject(json)) throw new Error(`${type.name} must be an object`);
  if (depth > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`);
  const message: Message = {};
  for (const [name, value] of Object.entries(json)) {
    const field = type.byName.get(name);
    if (!field) {
      if (!isReserved(type, name)) report?.(`${type.name} field ${JSON.stringify(name)}`);
    } else if (value !== null) {
      setField(message, field, value, readValue, depth, report);
    }
  }
  return message;
}

function writeMessage(type: MessageType, held: Message, depth: number): Message {
  if (depth > MAX_DEPTH) throw new Error(`nested deeper than ${MAX_DEPTH}`);
  const message: Message = {};
  for (const field of type.inOrder) {
    const value = held[field.name];
    if (value !== undefined && value !== null) {
      setField(message, field, value, writeValue, depth);
    }
  }
  return message;
}

/** Sets what becomes of a value, of each item of a list, or of each entry of a map. What becomes undefined is left out. */
function setField(
  message: Message,
  field: Field,
  value: unknown,
  convert: (field: Field, value: unknown, depth: number, report?: ReportUnknown) => unknown,
  depth: number,
  report?: ReportUnknown,
): void {
  if (field.label !== 'repeated') {
    const converted = convert(field, value, depth, report);
    if (converted !== undefined) message[field.name] = converted;
  } else if (field.map) {
    if (!isObject(value)) throw wrongValue(field, 'object');
    const of = field.message.byName.get('value') as Field;
    const map = {};
    for (const [key, held] of Object.entries(value)) {
      const converted = convert(of, held, depth, report);
      if (converted !== undefined) setEntry(map, key, converted);
    }
    if (Object.keys(map).length > 0) message[field.name] = map;
  } else {
    if (!Array.isArray(value)) throw wrongValue(field, 'list');
    const list = [];
    for (const item of value) {
      const converted = convert(field, item, depth, report);
      if (converted !== undefined) list.push(converted);
    }
    if (list.length > 0) message[field.name] = list;
  }
}

function readValue(field: Field, json: unknown, depth: number, report?: ReportUnknown): unknown {
  switch (field.kind) {
    case 'message':
      if (!isObject(json)) throw wrongValue(field, 'object');
      return readMessage(field.message, json, depth + 1, report);
    case 'enum': {
      const name = typeof json === 'string' ? json : field.enum.names.get(integer32(field, json));
      if (name !== undefined && field.enum.numbers.has(name)) return name;
      report?.(`${field.enum.name} value ${JSON.stringify(json)}`);
      return typeof json === 'string' ? undefined : json;
    }
    case 'bytes':
      if (typeof json !== 'string') throw wrongValue(field);
      return Buffer.from(json, 'base64');
    case 'double':
      return scalar(field, numberOf(json), 'number');
    case 'int32':
    case 'uint32':
      return integer32(field, numberOf(json));
    default:
      return plain(field, json);
  }
}

function writeValue(field: Field, value: unknown, depth: number): unknown {
  switch (field.kind) {
    case 'message':
      if (!isObject(value)) throw wrongValue(field, 'object');
      return writeMessage(field.message, value, depth + 1);
    case 'enum': {
      const name = typeof value === 'string' ? value : field.enum.names.get(integer32(field, value));
      if (name === undefined) return value;
      if (!field.enum.numbers.has(name)) throw wrongValue(field, field.enum.name);
      return name;
    }
    case 'bytes':
      if (!(value instanceof Uint8Array)) throw wrongValue(field);
      return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    case 'double':
      if (!Number.isFinite(value)) throw wrongValue(field, 'finite double, because JSON has no other numbers');
      return value;
    case 'int32':
    case 'uint32':
      return integer32(field, value);
    default:
      return plain(field, value);
  }
}

/** The types that are alike in both forms. */
function plain(field: Field, value: unknown): unknown {
  if (field.kind === 'int64' || field.kind === 'uint64') return integer64(field, value);
  return scalar(field, value, field.kind === 'bool' ? 'boolean' : 'string');
}

function scalar(field: Field, value: unknown, type: 'number' | 'boolean' | 'string'): unknown {
  if (typeof value !== type) throw wrongValue(field);
  return value;
}

/** Numbers may be written as texts, as in Mesos. */
function numberOf(json: unknown): unknown {
  const isText = typeof json === 'string' && json.trim() !== '' && !Number.isNaN(Number(json));
  return isText ? Number(json) : json;
}
