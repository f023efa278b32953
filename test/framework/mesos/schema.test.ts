import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import {
  type EnumType,
  type Field,
  isReserved,
  type MessageType,
  parseSchema,
} from '../../../framework/mesos/schema.ts';
import { referenceSchema, V1_PROTO } from './reference.ts';

function* messagesIn(namespace: protobuf.NamespaceBase): Generator<protobuf.Type> {
  for (const object of namespace.nestedArray) {
    if (object instanceof protobuf.Type) yield object;
    if (object instanceof protobuf.Namespace) yield* messagesIn(object);
  }
}

describe('v1.proto', () => {
  const ours = parseSchema(V1_PROTO);
  const theirs = [...messagesIn(referenceSchema(V1_PROTO))];
  const names = new Map<MessageType | EnumType, string>([...ours].map(([name, type]) => [type, `.${name}`]));

  it('has the messages that protobufjs finds', () => {
    expect([...ours.keys()].map((name) => `.${name}`).sort()).toEqual(theirs.map(({ fullName }) => fullName).sort());
  });

  it.each(theirs.map((type) => [type.fullName.slice(1), type] as const))(
    '%s has the fields that protobufjs finds',
    (name, type) => {
      const message = ours.get(name) as MessageType;
      const shown = (field: Field) => {
        const { name, number, label } = field;
        if (field.kind === 'enum')
          return { name, number, label, map: false, enum: Object.fromEntries(field.enum.numbers) };
        if (field.kind === 'message' && field.map) {
          const value = field.message.byName.get('value');
          return { name, number, label, map: true, type: value?.kind === 'message' && names.get(value.message) };
        }
        return {
          name,
          number,
          label,
          map: false,
          type: field.kind === 'message' ? names.get(field.message) : field.kind,
        };
      };
      const expected = type.fieldsArray.map((field) => {
        const { name, id: number, map, resolvedType } = field;
        const label = field.required ? 'required' : field.repeated || map ? 'repeated' : 'optional';
        if (resolvedType instanceof protobuf.Enum) return { name, number, label, map, enum: resolvedType.values };
        return { name, number, label, map, type: resolvedType?.fullName ?? field.type };
      });
      expect(message.fields.map(shown)).toEqual(expected);
      for (let number = 1; number < 40; number += 1)
        expect(isReserved(message, number)).toBe(type.isReservedId(number));
      for (const one of type.reserved ?? []) if (typeof one === 'string') expect(isReserved(message, one)).toBe(true);
    },
  );
});

describe('parseSchema', () => {
  const inMessage = (text: string) => `syntax = "proto2";\npackage a.b;\nmessage M {\n${text}\n}\n`;

  it('looks a name up from the innermost scope outwards', () => {
    const schema = parseSchema(`
      package a.b;
      message X { message Y {} }
      message Outer {
        message X { optional X self = 1; /* a comment
          of two lines */ optional .a.b.X top = 2; optional a.b.X also = 3; optional b.X.Y long = 4; }
        optional X inner = 1; // a comment
        optional Outer.X same = 2;
      }`);
    const of = (message: string, field: string) => {
      const found = schema.get(message)?.byName.get(field);
      return found?.kind === 'message' ? found.message : undefined;
    };
    const [top, inner] = [schema.get('a.b.X'), schema.get('a.b.Outer.X')];
    expect(of('a.b.Outer.X', 'self')).toBe(inner);
    expect(of('a.b.Outer.X', 'top')).toBe(top);
    expect(of('a.b.Outer.X', 'also')).toBe(top);
    expect(of('a.b.Outer.X', 'long')).toBe(schema.get('a.b.X.Y'));
    expect(of('a.b.Outer', 'inner')).toBe(inner);
    expect(of('a.b.Outer', 'same')).toBe(inner);
  });

  it.each([
    [inMessage('optional X x = 1;'), 'line 4: there is no type X'],
    // The inner X decides, although the outer one has a Y.
    ['message X { message Y {} }\nmessage M {\n message X {}\n optional X.Y y = 1; }', 'line 4: there is no type X.Y'],
    [inMessage('optional int32 x = 1;\noptional int32 y = 1;'), 'line 5: y or 1 is there twice'],
    [inMessage('optional int32 x = 1;\noptional int32 x = 2;'), 'line 5: x or 2 is there twice'],
    [inMessage('optional int32 x = 0;'), 'line 4: 0 cannot be the number of a field'],
    [inMessage('optional int32 x = 536870912;'), 'line 4: 536870912 cannot be the number of a field'],
    [inMessage('optional int32 x = 1'), 'line 4: unexpected optional int32 x = 1'],
    [inMessage('optional int32 x = y;'), 'line 4: unexpected optional int32 x = y;'],
    [inMessage('optional int32 x = 1 [packed = true];'), 'line 4: unexpected optional int32 x = 1 [packed = true];'],
    [inMessage('optional sint32 x = 1;'), 'line 4: there is no type sint32'],
    [inMessage('// a comment\noneof x { int32 y = 1; }'), 'line 5: unexpected oneof x { int32 y = 1; }'],
    [inMessage('map<int32, string> x = 1;'), 'line 4: unexpected map<int32, string> x = 1;'],
    [inMessage('extensions 4 to 5;'), 'line 4: unexpected extensions 4 to 5;'],
    [inMessage('enum E { A = 0;\nB = 0; }'), 'line 5: B or 0 is there twice'],
    [inMessage('enum E { option allow_alias = true; }'), 'line 4: unexpected option allow_alias = true; }'],
    [inMessage('reserved foo;'), 'line 4: unexpected reserved foo;'],
    ['syntax = "proto3";', 'line 1: unexpected syntax = "proto3";'],
    ['\nimport "x.proto";', 'line 2: unexpected import "x.proto";'],
    ['}', 'line 1: unexpected }'],
    ['A = 0;', 'line 1: unexpected A = 0;'],
    [inMessage('A = 0;'), 'line 4: unexpected A = 0;'],
    [inMessage('package c;'), 'line 4: unexpected package c;'],
    ['enum E { message M {} }', 'line 1: unexpected message M {} }'],
    ['message M {\n', 'line 2: the text ends too early'],
    ['message M {}\n/* a comment', 'line 2: unexpected /* a comment'],
  ])('refuses %j', (text, error) => {
    expect(() => parseSchema(text)).toThrow(new Error(error));
  });
});
