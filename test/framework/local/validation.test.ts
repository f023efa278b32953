import { describe, expect, it } from 'vitest';
import { readCall } from '../../../framework/local/call-reader.ts';
import { invalidCall, invalidFramework, invalidId, invalidUpdate } from '../../../framework/local/validation.ts';
import { jsonCodec, protobufCodec } from '../../../framework/mesos/codec.ts';
import type { Call, FrameworkInfo } from '../../../framework/mesos/messages.ts';

// The answers of real masters to the same requests are in the recordings, which the conformance suite replays.
const info = (overrides: Partial<FrameworkInfo> = {}): FrameworkInfo => ({
  user: 'root',
  name: 'test',
  roles: ['*'],
  capabilities: [{ type: 'MULTI_ROLE' }],
  ...overrides,
});

describe('readCall', () => {
  const json = (value: unknown) => readCall('application/json', Buffer.from(JSON.stringify(value)));

  it('reads both encodings alike', () => {
    const call: Call = {
      type: 'DECLINE',
      framework_id: { value: 'f' },
      decline: { offer_ids: [{ value: 'o' }], filters: { refuse_seconds: 1.5 } },
    };
    expect(readCall(jsonCodec.contentType, jsonCodec.encodeCall(call))).toEqual(call);
    expect(readCall(protobufCodec.contentType, protobufCodec.encodeCall(call))).toEqual(call);
  });

  it('names every required field that is missing, in lists too', () => {
    expect(() => json({ type: 'KILL', kill: {} })).toThrow('Missing required fields: kill.task_id');
    const launch = { task_infos: [{ name: 'x', task_id: {}, resources: [{}] }] };
    expect(() => json({ accept: { operations: [{ type: 'LAUNCH', launch }] } })).toThrow(
      'Missing required fields: accept.operations[0].launch.task_infos[0].task_id.value, accept.operations[0].launch.task_infos[0].agent_id, accept.operations[0].launch.task_infos[0].resources[0].name, accept.operations[0].launch.task_infos[0].resources[0].type',
    );
  });

  it('refuses values of a wrong type', () => {
    expect(() => json({ type: 5 })).toThrow("Not expecting a JSON number for field 'type'");
    expect(() => json({ framework_id: 'f' })).toThrow("Not expecting a JSON string for field 'framework_id'");
    expect(() => json({ framework_id: { value: 5 } })).toThrow("Not expecting a JSON number for field 'value'");
    expect(() => json({ subscribe: { framework_info: { checkpoint: 'yes' } } })).toThrow(
      "Failed to parse 'yes' as a JSON boolean for field 'checkpoint': syntax error at line 1 near: yes",
    );
    expect(() => json({ acknowledge: { uuid: 'AA*=' } })).toThrow(
      "Failed to base64 decode bytes field 'uuid': Invalid character '*'",
    );
    const resources = [{ name: 'cpus', type: 'NO_SUCH_TYPE' }];
    expect(() => json({ accept: { operations: [{ launch: { task_infos: [{ resources }] } }] } })).toThrow(
      "Failed to find enum for 'NO_SUCH_TYPE'",
    );
    for (const value of [[], 'x', null, 5]) expect(() => json(value)).toThrow('Expecting a JSON object');
  });

  it('refuses a text that is not JSON, or has more after it', () => {
    const text = (body: string) => () => readCall('application/json', Buffer.from(body));
    expect(text('{\nnope')).toThrow('Failed to parse body into JSON: syntax error at line 2 near: nope');
    expect(text('{"type":"REVIVE"} x')).toThrow(
      'Failed to parse body into JSON: Parsed JSON included non-whitespace trailing characters:  x',
    );
    expect(text('')).toThrow('Failed to parse body into JSON: syntax error at line 1 near: ');
  });

  it('passes over null, unknown fields, unknown names and camel case', () => {
    expect(json({ type: 'REVIVE', revive: null, frameworkId: { value: 'f' }, more: { of: ['it'] } })).toEqual({
      type: 'REVIVE',
    });
    expect(invalidCall(json({ type: 'FLY' }), undefined)).toBe("Expecting 'type' to be present");
  });

  it('refuses protobuf with a required field left out', () => {
    expect(() => readCall(protobufCodec.contentType, Buffer.from([0x32, 0x00]))).toThrow(
      'Failed to parse body into Call protobuf',
    );
  });
});

describe('ids', () => {
  it('may be anything that can name a directory', () => {
    expect(['a', 'a b', '-', '...', 'ä', 'x'.repeat(255)].map(invalidId)).toEqual(Array(6).fill(undefined));
    expect(['', '.', '..', 'a/b', 'a\\b', 'a\nb', 'ä'.repeat(128)].map((id) => invalidId(id) !== undefined)).toEqual(
      Array(7).fill(true),
    );
  });
});

describe('invalidFramework', () => {
  it.each(['*', 'a', 'a/b', 'a.b', 'a-b', 'ä'])('allows role %s', (role) => {
    expect(invalidFramework(info({ roles: [role] }))).toBeUndefined();
  });

  it.each(['', '/a', 'a/', 'a//b', '.', 'a/..', 'a/*', '-a', 'a/-b', 'a b'])('refuses role "%s"', (role) => {
    expect(invalidFramework(info({ roles: [role] }))).toMatch(/role/i);
  });

  it.each([
    [0, true],
    [-1, true],
    [9e9, true],
    [1e10, false],
    [1e300, false],
  ])('failover_timeout %d: %s', (failover_timeout, fine) => {
    expect(invalidFramework(info({ failover_timeout })) === undefined).toBe(fine);
  });
});

describe('invalidUpdate', () => {
  it('lets roles change, but neither user, checkpoint nor principal', () => {
    expect(invalidUpdate(info(), info({ roles: ['a'] }))).toBeUndefined();
    expect(invalidUpdate(info(), info({ checkpoint: true }))).toContain('FrameworkInfo.checkpoint');
    expect(invalidUpdate(info({ principal: 'a' }), info({ principal: 'b' }))).toContain('principal');
    expect(invalidUpdate(info(), info({ roles: ['a', 'a'] }))).toContain('duplicate');
  });
});
