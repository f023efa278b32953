import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { CodecError, jsonCodec, protobufCodec } from '../../../framework/mesos/codec.ts';
import type { Event } from '../../../framework/mesos/messages.ts';
import { fixture, fixtureNames } from './fixtures.ts';

/** Calls that the framework never makes, and one that holds offer constraints, which it does not use. */
const NOT_OURS = ['message', 'request', 'shutdown', 'update_framework'];
const calls = (ending: string) =>
  fixtureNames('calls', ending).filter((name) => !NOT_OURS.includes(name.split('.')[0] as string));

describe('calls', () => {
  it.each(calls('.request.pb'))('%s is encoded to the bytes that a master took', (name) => {
    const bytes = fixture('calls', name);
    expect(protobufCodec.encodeCall(protobufCodec.decodeCall(bytes)).equals(bytes)).toBe(true);
  });

  it.each(calls('.request.json'))('%s is encoded to the JSON that a master took', (name) => {
    const bytes = fixture('calls', name);
    const sent = JSON.parse(jsonCodec.encodeCall(jsonCodec.decodeCall(bytes)).toString());
    // An empty list and none at all are the same to protobuf, and so to a master.
    const taken = JSON.parse(bytes.toString(), (_, held) =>
      Array.isArray(held) && held.length === 0 ? undefined : held,
    );
    expect(sent).toEqual(taken);
  });

  it('send required fields even when they are zero', () => {
    const bytes = protobufCodec.encodeCall({
      type: 'ACCEPT',
      accept: {
        offer_ids: [],
        operations: [
          {
            type: 'LAUNCH',
            launch: {
              task_infos: [
                {
                  name: '',
                  task_id: { value: 't' },
                  agent_id: { value: 'a' },
                  resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0 } }],
                },
              ],
            },
          },
        ],
      },
    });
    // Resource: name=1 "cpus", type=2 SCALAR=0, scalar=3 {value=1 0.0}
    expect(bytes.toString('hex')).toContain('0a0463707573' + '1000' + '1a09090000000000000000');
  });
});

describe('what is no event', () => {
  it('is a CodecError, with the decoder’s reason', () => {
    expect(() => protobufCodec.decodeEvent(Buffer.from('ffffff', 'hex'))).toThrow(CodecError);
    expect(() => protobufCodec.decodeEvent(Buffer.from('08031a00', 'hex'))).not.toThrow();
    // rescind=4 without its required offer_id
    expect(() => protobufCodec.decodeEvent(Buffer.from('08032200', 'hex'))).toThrow(/not a Event: missing required/);
    expect(() => jsonCodec.decodeEvent(Buffer.from('{nope'))).toThrow(CodecError);
    expect(() => jsonCodec.decodeEvent(Buffer.from('7'))).toThrow(CodecError);
  });
});

describe('what a newer master may say', () => {
  const decodeProtobuf = (bytes: Buffer): [Event, string[]] => {
    const unknown: string[] = [];
    return [protobufCodec.decodeEvent(bytes, (what) => unknown.push(what)), unknown];
  };
  const decodeJson = (value: object): [Event, string[]] => {
    const unknown: string[] = [];
    return [jsonCodec.decodeEvent(Buffer.from(JSON.stringify(value)), (what) => unknown.push(what)), unknown];
  };
  const status = (extra: string): Buffer => {
    const task = `0a030a0174${extra}`;
    const update = `0a${(task.length / 2).toString(16).padStart(2, '0')}${task}`;
    return Buffer.from(`08042a${(update.length / 2).toString(16).padStart(2, '0')}${update}`, 'hex');
  };

  it('leaves the event readable: unknown fields are skipped and reported', () => {
    const [event, unknown] = decodeProtobuf(status('1001' + 'c23e0568656c6c6f'));
    expect(event).toEqual({ type: 'UPDATE', update: { status: { task_id: { value: 't' }, state: 'TASK_RUNNING' } } });
    expect(unknown).toEqual(['TaskStatus field 1000']);

    const json = decodeJson({
      type: 'UPDATE',
      update: { status: { task_id: { value: 't' }, state: 'TASK_RUNNING', shiny: [1] } },
    });
    expect(json).toEqual([event, ['TaskStatus field "shiny"']]);
  });

  it('leaves the event readable: an unknown value of an enum costs only that value', () => {
    const [event, unknown] = decodeProtobuf(status('102a'));
    expect(event.update?.status).toEqual({ task_id: { value: 't' }, state: 42 });
    expect(unknown).toEqual(['TaskState value 42']);

    const [json, unknownInJson] = decodeJson({
      type: 'UPDATE',
      update: { status: { task_id: { value: 't' }, state: 'TASK_NEW' } },
    });
    expect(json.update?.status).toEqual({ task_id: { value: 't' } });
    expect(unknownInJson).toEqual(['TaskState value "TASK_NEW"']);
  });

  it('does not report what Mesos 1.12 has and this program does not use', () => {
    const [event, unknown] = decodeProtobuf(status('1001' + '6a020a00'));
    expect(event.update?.status.state).toBe('TASK_RUNNING');
    expect(unknown).toEqual([]);
    const [, unknownInJson] = decodeJson({ type: 'UPDATE', update: { status: { container_status: {} } } });
    expect(unknownInJson).toEqual([]);
  });

  it('may be an event of an unknown type', () => {
    const [event, unknown] = decodeProtobuf(Buffer.from('0863', 'hex'));
    expect(event).toEqual({ type: 99 });
    expect(unknown).toEqual(['Type value 99']);
    expect(decodeJson({ type: 'NEWS' })).toEqual([{}, ['Type value "NEWS"']]);
  });
});

describe('v1.proto', () => {
  const require = createRequire(import.meta.url);
  const schema = protobuf.parse(readFileSync(require.resolve('release-validation/framework/mesos/v1.proto'), 'utf8'), {
    keepCase: true,
  }).root;
  schema.resolveAll();
  const theirs = new Map<string, Map<string, string>>();
  for (const line of fixture('fields.txt').toString().split('\n')) {
    const [, name, list] = /^`([^`]+)`: (?:enum )?(.*)$/.exec(line) ?? [];
    if (!name) continue;
    const entries = (list ?? '').split(/,? (?=\w+=\d+)/).map((entry) => /^(\w+)=(.*)$/.exec(entry)?.slice(1) ?? []);
    theirs.set(name, new Map(entries as [string, string][]));
  }
  const nameOf = (object: protobuf.ReflectionObject) => object.fullName.replace(/^\.mesos\.v1\./, '');

  function* all(of: protobuf.NamespaceBase): Generator<protobuf.ReflectionObject> {
    for (const object of of.nestedArray) {
      yield object;
      if (object instanceof protobuf.Type) yield* all(object);
    }
  }

  it('has the numbers, types, labels and defaults of Mesos 1.12', () => {
    let fields = 0;
    for (const object of all(schema.lookup('mesos.v1') as protobuf.Namespace)) {
      const mesos = theirs.get(nameOf(object));
      if (object instanceof protobuf.Enum) {
        for (const [name, number] of Object.entries(object.values)) {
          if (mesos) expect(mesos.get(name), `${object.fullName}.${name}`).toBe(String(number));
        }
      } else if (object instanceof protobuf.Type && mesos) {
        for (const field of object.fieldsArray) {
          const type = field.resolvedType ? nameOf(field.resolvedType) : field.type;
          const label = field.required ? '!' : field.repeated ? '[]' : '';
          const said = mesos.get(field.name) ?? 'nothing';
          const shown = field.map ? `map<string,${type}>` : `${type}${label}`;
          expect(said.replace(/\(.*\)/, ''), `${object.fullName}.${field.name}`).toBe(`${field.id} ${shown}`);
          const initial = /\((.*)\)/.exec(said)?.[1];
          const ours = field.options?.default as unknown;
          if (initial !== undefined) expect(String(ours), `default of ${object.fullName}.${field.name}`).toBe(initial);
          fields += 1;
        }
      }
    }
    expect(fields).toBeGreaterThan(200);
  });
});
