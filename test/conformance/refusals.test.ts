import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { frameworkInfo, send } from './client.ts';
import { useCluster } from './cluster.ts';

const cluster = useCluster();

const FOLDER = join(
  dirname(createRequire(import.meta.url).resolve('release-validation/package.json')),
  'test/fixtures/mesos/http',
);

/** Recordings that belong to a master set up in another way; other tests bring about what they show. */
const ELSEWHERE = [
  /^307_.*_on_non_leader/,
  /^401_/,
  /^503_/,
  /_principal$/,
  /unauthorized/,
  /principal_mismatch/,
  /^403_not_subscribed/,
  /^400_call_after_teardown/,
  /^400_old_stream_id/,
  /^400_offer_constraints_regex/,
  /^400_update_framework_user/,
  /^200_get_version/,
  /^307_redirect/,
];

const recordings = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.request.http'))
  .map((name) => name.replace(/\.request\.http$/, ''))
  .filter((name) => !ELSEWHERE.some((pattern) => pattern.test(name)));

interface Message {
  start: string;
  headers: Record<string, string>;
  body: Buffer;
}

function read(name: string): Message {
  const bytes = readFileSync(join(FOLDER, name));
  const at = bytes.indexOf('\r\n\r\n');
  const [start = '', ...lines] = bytes.subarray(0, at).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  );
  return { start, headers, body: bytes.subarray(at + 4) };
}

/** The ids of the recording, to be put in the place of those of this run. */
const RECORDED_FRAMEWORK = '809ddd95-2af9-489a-b456-fdd9a5aa9c90-0014';
const RECORDED_STREAM = '034f6ed6-ef55-4af8-b3e4-8cc2b2a822f4';

describe('requests of the recordings', () => {
  it.each(recordings)('%s is answered as it was by a real master', async (name) => {
    const request = read(`${name}.request.http`);
    const recorded = read(`${name}.response.http`);
    const [method = '', path = ''] = request.start.split(' ');
    const { headers } = request;
    let body = request.body;
    if (headers['mesos-stream-id'] === RECORDED_STREAM || body.includes(RECORDED_FRAMEWORK)) {
      const framework = await cluster.subscribe();
      await framework.next('SUBSCRIBED');
      if (headers['mesos-stream-id'] === RECORDED_STREAM) headers['mesos-stream-id'] = framework.streamId;
      body = Buffer.from(body.toString('utf8').replaceAll(RECORDED_FRAMEWORK, framework.id));
      recorded.body = Buffer.from(recorded.body.toString('utf8').replaceAll(RECORDED_FRAMEWORK, framework.id));
    }
    const answer = await send(cluster.url + path, {
      method: method as 'GET' | 'POST',
      headers,
      ...(method === 'POST' ? { body } : {}),
    });
    expect(`${answer.status}`).toBe(recorded.start.split(' ')[1]);
    expect(answer.headers['content-type']).toBe(recorded.headers['content-type']);
    expect(answer.headers.allow).toBe(recorded.headers.allow);
    expect(answer.text.trimEnd()).toBe(recorded.body.toString('utf8').trimEnd());
  });
});

describe('other requests', () => {
  it.each(['application/json; charset=utf-8', 'Application/JSON', 'application/protobuf'])(
    'refuses Content-Type %s',
    async (contentType) => {
      const answer = await send(`${cluster.url}/api/v1/scheduler`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body: '{}',
      });
      expect(answer.status).toBe(415);
    },
  );

  it('takes a gzip body, null, unknown fields and unknown enum names', async () => {
    const framework = await cluster.subscribe();
    await framework.next('SUBSCRIBED');
    const call = { type: 'REVIVE', framework_id: { value: framework.id }, revive: null, not_a_field: [1] };
    const headers = { 'content-type': 'application/json', 'mesos-stream-id': framework.streamId };
    const plain = await send(`${cluster.url}/api/v1/scheduler`, {
      method: 'POST',
      headers,
      body: JSON.stringify(call),
    });
    expect(plain.status).toBe(202);
    const zipped = await send(`${cluster.url}/api/v1/scheduler`, {
      method: 'POST',
      headers: { ...headers, 'content-encoding': 'gzip' },
      body: gzipSync(JSON.stringify(call)),
    });
    expect(zipped.status).toBe(202);
  });

  it('is reached by its alias too', async () => {
    const framework = await cluster.subscribe();
    await framework.next('SUBSCRIBED');
    const answer = await send(`${cluster.url}/master/api/v1/scheduler`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'mesos-stream-id': framework.streamId },
      body: JSON.stringify({ type: 'REVIVE', framework_id: { value: framework.id } }),
    });
    expect(answer.status).toBe(202);
  });

  it('refuses 16 bytes that are no RFC 4122 UUID as an acknowledgement', async () => {
    const framework = await cluster.subscribe();
    await framework.next('SUBSCRIBED');
    const acknowledge = { agent_id: { value: 'x' }, task_id: { value: 'y' }, uuid: Buffer.alloc(16, 0xff) };
    const answer = await framework.call('ACKNOWLEDGE', { acknowledge });
    expect([answer.status, answer.text]).toEqual([400, 'Failed to validate scheduler::Call: Not a valid UUID']);
  });

  it('accepts silently what concerns nobody', async () => {
    const framework = await cluster.subscribe();
    await framework.next('SUBSCRIBED');
    const calls = [
      await framework.call('REVIVE', { revive: { roles: ['not-its-role'] } }),
      await framework.call('SUPPRESS', { suppress: { roles: ['not-its-role'] } }),
      await framework.call('DECLINE', { decline: { offer_ids: [{ value: 'unknown' }] } }),
      await framework.call('ACCEPT', { accept: { offer_ids: [], operations: [] } }),
    ];
    expect(calls.map(({ status, text }) => [status, text])).toEqual(calls.map(() => [202, '']));
    expect(frameworkInfo().roles).toEqual(['*']);
  });

  it('says its version and where the leader is', async () => {
    const version = await send(`${cluster.url}/version`);
    expect(JSON.parse(version.text)).toMatchObject({ version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    const redirect = await send(`${cluster.url}/redirect`);
    expect(redirect.status).toBe(307);
    expect(redirect.headers.location).toMatch(/^\/\/[^/]+:\d+$/);
  });
});
