import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import type { Field, Message, MessageType } from '../../../framework/mesos/schema.ts';

/** protobufjs is the independent reference for our own reading and writing of messages. */

export const V1_PROTO = readFileSync(
  createRequire(import.meta.url).resolve('release-validation/framework/mesos/v1.proto'),
  'utf8',
);

/** A schema as protobufjs reads it, with open enums, as our codec has them. */
export function referenceSchema(text: string): protobuf.Root {
  const { root } = protobuf.parse(text, { keepCase: true });
  const open = (namespace: protobuf.NamespaceBase): void => {
    for (const object of namespace.nestedArray) {
      object.setOption('features', { enum_type: 'OPEN' });
      if (object instanceof protobuf.Namespace) open(object);
    }
  };
  open(root);
  root.resolveAll();
  return root;
}

const AS_HELD: protobuf.IConversionOptions = { enums: String, longs: String, bytes: Buffer };

export function referenceWrite(type: protobuf.Type, message: Message): Buffer {
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

export function referenceRead(type: protobuf.Type, bytes: Buffer): Message {
  return type.toObject(type.decode(bytes), AS_HELD);
}

export function referenceFromJson(type: protobuf.Type, json: object): Message {
  return type.toObject(type.fromObject(json), AS_HELD);
}

const INT64 = [2n ** 31n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n - 1n].flatMap((n) => [n, -n]);
const UINT64 = [2n ** 32n, 2n ** 35n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n];

const decimals = (numbers: fc.Arbitrary<bigint>, edges: bigint[]): fc.Arbitrary<string> =>
  fc.oneof(numbers, fc.constantFrom(...edges)).map(String);
/** Characters of one to four bytes. The unit `binary` of fast-check takes 5 s to be made. */
const unit = fc.constantFrom('a', '"', '\0', '\x7f', '\x80', 'é', '߿', 'ࠀ', '€', '\uffff', '😀', '\u{10ffff}');
const text = fc.oneof(fc.string(), fc.string({ unit, maxLength: 40 }), fc.constant('é'.repeat(200)));

export const ANY_DOUBLE = fc.double();
/** JSON has neither NaN, infinities nor a negative zero. */
export const JSON_DOUBLE = fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0);

/** Values that a field can hold, or an item of its list. */
function oneValue(field: Field, doubles: fc.Arbitrary<number>, depth: number): fc.Arbitrary<unknown> {
  switch (field.kind) {
    case 'message':
      return messageOf(field.message, doubles, depth - 1);
    case 'enum':
      return fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...field.enum.numbers.keys()) },
        fc.constantFrom(-7, 4711, -(2 ** 31)).filter((number) => !field.enum.names.has(number)),
      );
    case 'double':
      return doubles;
    case 'int32':
      return fc.oneof(fc.integer(), fc.constantFrom(0, -1, 2 ** 31 - 1, -(2 ** 31)));
    case 'uint32':
      return fc.oneof(fc.nat(), fc.constantFrom(0, 127, 128, 2 ** 31, 2 ** 32 - 1));
    case 'int64':
      return decimals(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), INT64);
    case 'uint64':
      return decimals(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), UINT64);
    case 'bool':
      return fc.boolean();
    case 'bytes':
      return fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    case 'string':
      return text;
  }
}

function ofField(field: Field, doubles: fc.Arbitrary<number>, depth: number): fc.Arbitrary<unknown> {
  if (field.kind === 'message' && field.map) {
    const entries = fc.dictionary(text, oneValue(field.message.fields[1] as Field, doubles, depth), { maxKeys: 3 });
    return entries.map((map) => ({ ...map }));
  }
  return field.label === 'repeated'
    ? fc.array(oneValue(field, doubles, depth), { maxLength: 3 })
    : oneValue(field, doubles, depth);
}

/** Messages of a type. Lists and maps that are empty are left out, as decoders do. @param depth levels with optional fields */
export function messageOf(type: MessageType, doubles: fc.Arbitrary<number>, depth: number): fc.Arbitrary<Message> {
  const fields = type.fields.filter((field) => depth > 0 || field.label === 'required');
  const requiredKeys = type.required.map(({ name }) => name);
  return fc
    .record(Object.fromEntries(fields.map((field) => [field.name, ofField(field, doubles, depth)])), { requiredKeys })
    .map((message) => {
      const isEmpty = (value: unknown) =>
        typeof value === 'object' && !Buffer.isBuffer(value) && Object.keys(value ?? {}).length === 0;
      const lists = type.fields.filter((field) => field.label === 'repeated').map(({ name }) => name);
      const kept = Object.entries(message).filter(([name, value]) => !(lists.includes(name) && isEmpty(value)));
      return Object.fromEntries(kept) as Message;
    });
}
