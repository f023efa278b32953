import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import type protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { CodecError, jsonCodec, protobufCodec } from '../../../framework/mesos/codec.ts';
import { fromJson, toJson } from '../../../framework/mesos/json.ts';
import { type Message, type MessageType, parseSchema } from '../../../framework/mesos/schema.ts';
import { readMessage } from '../../../framework/mesos/wire-reader.ts';
import { writeMessage } from '../../../framework/mesos/wire-writer.ts';
import { recordings, recordsOf } from './fixtures.ts';
import {
  ANY_DOUBLE,
  JSON_DOUBLE,
  messageOf,
  referenceFromJson,
  referenceRead,
  referenceSchema,
  referenceWrite,
  V1_PROTO,
} from './reference.ts';

const KINDS = ['double', 'int32', 'int64', 'uint32', 'uint64', 'bool', 'string', 'bytes', 'Colour', 'Every'];
const fieldsOf = (first: number, line: (kind: string, number: number) => string) =>
  KINDS.map((kind, index) => line(kind, first + index)).join('\n');
/** What v1.proto does not have: each kind of field as a list and as a map, large numbers, messages in themselves. */
const EVERY = `syntax = "proto2"; package t;
message Every {
  enum Colour { RED = 1; BLUE = 300; }
  ${fieldsOf(1, (kind, number) => `optional ${kind} one_${kind} = ${number};`)}
  ${fieldsOf(1000, (kind, number) => `repeated ${kind} many_${kind} = ${number};`)}
  ${fieldsOf(536870900, (kind, number) => `map<string, ${kind}> by_${kind} = ${number};`)}
}`;
const PACKED = EVERY.replace(/(repeated (?!string|bytes|Every).*);/g, '$1 [packed = true];');

const RUNS = 40;

const every = parseSchema(EVERY).get('t.Every') as MessageType;
const types: [string, MessageType][] = [...parseSchema(V1_PROTO), ['t.Every', every]];
const v1 = referenceSchema(V1_PROTO);
const references = [v1, referenceSchema(EVERY), referenceSchema(PACKED)];
const referencesOf = (name: string) =>
  references.filter((root) => root.lookup(name)).map((root) => root.lookupType(name));

function expectSame(got: unknown, expected: unknown): void {
  // The slow comparison is only for the message.
  if (!isDeepStrictEqual(got, expected)) expect(got).toEqual(expected);
}

describe.each(types)('%s', (name, type) => {
  const [reference, ...alike] = referencesOf(name) as [protobuf.Type];
  // `Every` contains itself; v1.proto has at most six levels.
  const anyMessage = (doubles = ANY_DOUBLE) => messageOf(type, doubles, type === every ? 2 : 6);

  it('is written and read as protobufjs writes and reads it', () => {
    fc.assert(
      fc.property(anyMessage(), (message) => {
        const ours = writeMessage(type, message);
        expectSame(ours, referenceWrite(reference, message));
        expectSame(referenceRead(reference, ours), message);
        for (const one of [reference, ...alike]) expectSame(readMessage(type, referenceWrite(one, message)), message);
      }),
      { numRuns: RUNS },
    );
  });

  it('is merged from two parts as protobufjs merges it', () => {
    fc.assert(
      fc.property(anyMessage(), anyMessage(), (one, other) => {
        const both = Buffer.concat([writeMessage(type, one), writeMessage(type, other)]);
        expectSame(readMessage(type, both), referenceRead(reference, both));
      }),
      { numRuns: RUNS },
    );
  });

  it('is the same in JSON', () => {
    fc.assert(
      fc.property(anyMessage(JSON_DOUBLE), (message) => {
        const json = JSON.parse(JSON.stringify(toJson(type, message)));
        expectSame(fromJson(type, json), message);
        expectSame(referenceFromJson(reference, json), message);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('bytes that are no message', () => {
  const read = (bytes: Uint8Array): void => {
    for (const decode of [protobufCodec.decodeEvent, protobufCodec.decodeCall, jsonCodec.decodeEvent]) {
      try {
        decode(Buffer.from(bytes), () => {});
      } catch (error) {
        if (!(error instanceof CodecError)) throw error;
        // What the runtime says of a mistake of ours.
        expect(error.message).not.toMatch(/undefined|is not a function|call stack|out of range/);
      }
    }
  };
  const records = recordings.flatMap((recording) => recordsOf(recording).map((record) => ({ recording, record })));
  const events = records.filter(({ recording }) => recording.endsWith('.pb')).map(({ record }) => record);

  it('cause a CodecError, or are read, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => read(bytes)),
      { numRuns: 3000 },
    );
  });

  it('cause a CodecError, or are read, when a recording is cut off', () => {
    for (const event of events.slice(0, 40)) {
      for (let length = 0; length < event.length; length += 1) read(event.subarray(0, length));
    }
  });

  it('cause a CodecError, or are read, when bits of a recording are flipped, and are read as protobufjs reads them', () => {
    const reference = v1.lookupType('mesos.v1.Event');
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 7 })), { minLength: 1, maxLength: 4 });
    let [same, all] = [0, 0];
    fc.assert(
      fc.property(fc.constantFrom(...events), flips, (event, places) => {
        const bytes = Buffer.from(event);
        for (const [at, bit] of places) bytes[at % bytes.length] = (bytes[at % bytes.length] as number) ^ (1 << bit);
        read(bytes);
        const [ours, theirs] = [() => protobufCodec.decodeEvent(bytes), () => referenceRead(reference, bytes)].map(
          (decode) => {
            try {
              return decode();
            } catch {
              return undefined;
            }
          },
        );
        all += 1;
        if (ours && theirs) {
          expectSame(ours, theirs);
          same += 1;
        }
        // protobufjs refuses a first part of a message that lacks what a second part has.
        if (theirs) expect(ours).toBeDefined();
      }),
      { numRuns: 3000 },
    );
    expect(same / all).toBeGreaterThan(0.2);
  });

  const refused = (hex: string) => () => readMessage(every, Buffer.from(hex.replace(/\s/g, ''), 'hex'));
  it.each([
    ['a varint of eleven bytes', `10 ${'80'.repeat(10)}01`, /a number has more than ten bytes, at byte 11/],
    ['a varint without an end', '10 80', /a number is cut off, at byte 2/],
    ['a length beyond the end', '3a 05 61', /a length is beyond the end, at byte 2/],
    ['a length beyond the end of the message that it is in', '52 02 3a 05 6161616161', /beyond the end, at byte 4/],
    ['a length of more than 32 bits', '3a ffffffffff01 61', /beyond the end, at byte 7/],
    ['a length of 4 GB', '42 ffffffff0f', /beyond the end, at byte 6/],
    ['a double that is cut off', '09 00000000', /beyond the end, at byte 1/],
    ['field number 0', '00 00', /no field has this number, at byte 1/],
    ['a field number of more than 32 bits', 'f8ffffffff01 00', /no field has this number/],
    ['the end of a group that did not begin', '0c', /wire type 4 cannot be here, at byte 1/],
    ['a group that does not end', 'a306', /a number is cut off/],
    ['a group that another number ends', 'a306 ac06', /wire type 4 cannot be here/],
    ['wire type 7', 'a706', /wire type 7 cannot be here/],
    ['a packed list that is cut off', 'ca3e 02 0180', /a number is cut off, at byte 5/],
  ])('%s is refused', (_, hex, reason) => {
    expect(refused(hex)).toThrow(reason);
  });

  it('are refused when they are nested deeper than 100', () => {
    let message: Message = {};
    for (let depth = 0; depth < 100; depth += 1) message = { one_Every: message };
    const bytes = writeMessage(every, message);
    expectSame(readMessage(every, bytes), message);
    expect(() => writeMessage(every, { one_Every: message })).toThrow(/nested deeper than 100/);
    expect(() => toJson(every, { one_Every: message })).toThrow(/nested deeper than 100/);
    expect(() => fromJson(every, { one_Every: message })).toThrow(/nested deeper than 100/);
    const length = Buffer.from([(bytes.length & 127) | 128, bytes.length >> 7]);
    expect(() => readMessage(every, Buffer.concat([Buffer.from([0x52]), length, bytes]))).toThrow(
      /nested deeper than 100/,
    );
    expect(() => readMessage(every, Buffer.alloc(1_000_000, 0x63))).toThrow(/nested deeper than 100/);
  });
});

describe('what the schema does not expect', () => {
  const readEvery = (hex: string): [Message, string[]] => {
    const unknown: string[] = [];
    return [readMessage(every, Buffer.from(hex.replace(/\s/g, ''), 'hex'), (what) => unknown.push(what)), unknown];
  };

  it('is skipped and reported: all wire types, groups in groups, a known field of another wire type', () => {
    const fields = [
      'a006 8001',
      'a906 0102030405060708',
      'b206 03 616263',
      'bd06 01020304',
      'c306 ab06 ac06 a006 01 c406',
    ];
    expect(readEvery(`${fields.join('')} 38 05 3801`)).toEqual([
      {},
      [
        'Every field 100',
        'Every field 101',
        'Every field 102',
        'Every field 103',
        'Every field 104',
        'Every field 7',
      ].concat('Every field 7'),
    ]);
  });

  it('may be an entry of a map without key or value: they have the defaults of their types', () => {
    const tag = (index: number) => {
      const bytes = [];
      for (let rest = (536870900 + index) * 8 + 2; rest > 0; rest = Math.floor(rest / 128)) {
        bytes.push((rest % 128) | (rest >= 128 ? 128 : 0));
      }
      return Buffer.from(bytes).toString('hex');
    };
    const maps = KINDS.map((_, index) => `${tag(index)} 00`).join('');
    const zero = [0, 0, '0', 0, '0', false, '', Buffer.alloc(0), 'RED', {}];
    expect(readEvery(maps)).toEqual([
      Object.fromEntries(KINDS.map((kind, index) => [`by_${kind}`, { '': zero[index] }])),
      [],
    ]);
  });

  it('may be an empty packed list, which is the same as none', () => {
    expect(readEvery('ca3e 00')).toEqual([{}, []]);
  });

  it('may be a required field in the second part of a message only', () => {
    // kill.task_id.value: first kill {agent_id {value a}}, then kill {task_id {value t}}
    const bytes = Buffer.from('3205 1203 0a0161 3205 0a03 0a0174'.replace(/\s/g, ''), 'hex');
    expect(protobufCodec.decodeCall(bytes)).toEqual({ kill: { agent_id: { value: 'a' }, task_id: { value: 't' } } });
  });
});

describe('an object that cannot be written', () => {
  const of = (message: object) => () => writeMessage(every, message);
  it.each([
    ['one_int32', [1.5, 2 ** 31, '1', true]],
    ['one_uint32', [-1, 2 ** 32, Number.NaN]],
    ['one_int64', ['9223372036854775808', '1.5', '', '12a', 1.5, {}]],
    ['one_uint64', ['-1', -1, '18446744073709551616']],
    ['one_double', ['1', {}]],
    ['one_bool', [0, 'true']],
    ['one_string', [1, {}, []]],
    ['one_bytes', ['YQ==', [1]]],
    ['one_Colour', ['GREEN', 1.5, true]],
    ['one_Every', [1, 'x', []]],
    ['many_int32', [1, {}, [null], ['x']]],
    ['by_string', [1, [], { a: 1 }]],
  ])('names its field: %s', (field, values) => {
    for (const value of values) {
      expect(of({ [field]: value }), JSON.stringify(value)).toThrow(/^(Every|by_string entry)\.\w+ must be of type/);
      expect(() => toJson(every, { [field]: value })).toThrow(/must be of type/);
    }
  });

  it('is a CodecError that names the required field which is missing', () => {
    expect(() => protobufCodec.encodeCall({ type: 'KILL', kill: { task_id: {} } } as never)).toThrow(
      new CodecError("cannot write a Call: missing required 'value' of TaskID"),
    );
    expect(() => protobufCodec.encodeCall({ type: 'KILL', kill: {} } as never)).toThrow(/'task_id' of Kill/);
  });

  it('takes numbers for 64-bit integers, and null for what is absent', () => {
    const message = {
      one_int64: -5,
      one_uint64: 2 ** 53,
      one_string: null,
      many_string: null,
      by_int64: { a: 2 ** 62 },
    };
    const held = { one_int64: '-5', one_uint64: '9007199254740992', by_int64: { a: '4611686018427387904' } };
    expect(readMessage(every, writeMessage(every, message))).toEqual(held);
    expect(toJson(every, message)).toEqual(held);
    expect(toJson(every, { one_double: 1 })).toEqual({ one_double: 1 });
    expect(() => toJson(every, { one_double: Number.POSITIVE_INFINITY })).toThrow(/JSON has no other numbers/);
  });
});

describe('JSON with values of other types', () => {
  it.each([
    [{ offers: 5 }, /Event.offers must be of type object/],
    [{ offers: [] }, /Event.offers must be of type object/],
    [{ offers: { offers: {} } }, /Offers.offers must be of type list/],
    [{ offers: { offers: [null] } }, /Offers.offers must be of type object/],
    [{ update: { status: { task_id: { value: 7 } } } }, /TaskID.value must be of type string/],
    [{ update: { status: { timestamp: 'soon' } } }, /TaskStatus.timestamp must be of type double/],
    [{ failure: { status: 1.5 } }, /Failure.status must be of type int32/],
    [{ update: { status: { uuid: 5 } } }, /TaskStatus.uuid must be of type bytes/],
    [{ update: { status: { healthy: 'yes' } } }, /TaskStatus.healthy must be of type bool/],
    [[], /Event must be an object/],
    [null, /Event must be an object/],
  ])('is a CodecError: %j', (json, reason) => {
    const decode = () => jsonCodec.decodeEvent(Buffer.from(JSON.stringify(json)));
    expect(decode).toThrow(CodecError);
    expect(decode).toThrow(reason);
  });

  it('takes numbers that are written as texts', () => {
    expect(jsonCodec.decodeEvent(Buffer.from('{"failure":{"status":"-7"}}'))).toEqual({ failure: { status: -7 } });
  });
});
