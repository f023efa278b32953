import { describe, expect, it } from 'vitest';
import { jsonCodec } from '../../../framework/mesos/codec.ts';
import { CallRefusedError } from '../../../framework/mesos/errors.ts';
import { REFUSED } from '../../../framework/mesos/reconnect.ts';
import { judgeRefusal } from '../../../framework/mesos/refusal.ts';
import { fixture, fixtureNames } from './fixtures.ts';
import { connect, master, subscribesOf, until } from './harness.ts';
import { eventChunk, recordedAnswer, willing } from './scripted-master.ts';

const codec = jsonCodec;

interface Recorded {
  name: string;
  status: number;
  answer: Buffer;
  body: string;
  subscribes: boolean;
}

/** Every recorded answer to `POST /api/v1/scheduler`; `subscribes` by whether its request carried a stream id. */
const recorded: Recorded[] = fixtureNames('http', '.response.http').flatMap((file) => {
  const name = file.slice(0, -'.response.http'.length);
  const request = fixture('http', `${name}.request.http`).toString('latin1');
  const answer = fixture('http', file);
  if (!request.startsWith('POST ')) return [];
  return {
    name,
    status: Number(name.slice(0, 3)),
    answer: recordedAnswer(answer),
    body: answer.subarray(answer.indexOf('\r\n\r\n') + 4).toString(),
    subscribes: !/mesos-stream-id/i.test(request) && !request.includes('REVIVE'),
  };
});
const subscribeRefusals = recorded.filter(({ subscribes, status }) => subscribes && status >= 400);
const errorEvents = recorded.filter(({ subscribes, status }) => subscribes && status === 200);
const callRefusals = recorded.filter(({ subscribes, status }) => !subscribes && status >= 400);

/** Refusals which say that the stream is not the framework's any more. */
const STALE = [
  '400_call_after_teardown',
  '400_old_stream_id',
  '400_unknown_framework',
  '400_wrong_stream_id',
  '403_not_subscribed',
];

it('all kinds of refusals are recorded', () => {
  expect(new Set(recorded.map(({ status }) => status))).toEqual(new Set([200, 202, 307, 400, 401, 403, 406, 415, 503]));
  expect(subscribeRefusals.length).toBeGreaterThanOrEqual(15);
  expect(errorEvents.length).toBeGreaterThanOrEqual(10);
  expect(callRefusals.length).toBeGreaterThanOrEqual(15);
});

describe('SUBSCRIBE refused by', () => {
  it.each(subscribeRefusals)('$name: is logged with what to do, and tried again', async ({ answer, status, body }) => {
    const one = await master(({ socket }) => socket.write(answer));
    const { connection, log, losses, events } = connect(one.address, { codec });
    await until(() => connection.state.phase === 'waiting');
    one.script = willing(codec);
    const { lastError } = connection.state;
    expect(lastError).toContain(`the master refused SUBSCRIBE: ${status} ${body.trim().replaceAll(/\s+/g, ' ')}`);
    const { policy, advice } = judgeRefusal(status);
    expect(lastError).toContain(advice);
    const line = log.find(({ message }) => message.includes(`not subscribed: the master refused SUBSCRIBE: ${status}`));
    expect(line?.level).toBe(policy === REFUSED ? 'error' : 'warn');
    await until(() => events.length === 1);
    expect(losses).toEqual([]);
    expect(connection.state.phase).toBe('subscribed');
  });

  it('401 and 403: waits long, 503 and a 404 of a starting master: not', () => {
    for (const status of [400, 401, 403, 405, 406, 415, 302]) expect(judgeRefusal(status).policy).toBe(REFUSED);
    for (const status of [404, 408, 429, 500, 502, 503, 504]) expect(judgeRefusal(status).policy).not.toBe(REFUSED);
  });

  it('401 without any test setting: the next attempt is at least 15 seconds away', async () => {
    const answer = recorded.find(({ name }) => name === '401_wrong_password')?.answer as Buffer;
    const one = await master(({ socket }) => socket.write(answer));
    const { connection } = connect(one.address, { codec, times: { reconnect: undefined } });
    await until(() => connection.state.phase === 'waiting');
    expect(connection.state.nextAttempt).toBeGreaterThan(Date.now() + 10_000);
    expect(connection.state.lastError).toContain('check the credential or token file');
  });

  it('something that is no master: says so', async () => {
    const page = '<html>Welcome</html>';
    const one = await master(({ socket }) =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: ${page.length}\r\n\r\n${page}`),
    );
    const { connection } = connect(one.address, { codec });
    await until(() => connection.state.lastError);
    expect(connection.state.lastError).toContain('is not a Mesos master');
  });
});

describe('SUBSCRIBE answered with 200 and an ERROR event', () => {
  it.each(errorEvents)('$name: the event is delivered, and another attempt follows', async ({ answer, body }) => {
    const one = await master(({ socket }) => socket.write(answer));
    const { connection, events, losses, log } = connect(one.address, { codec });
    await until(() => connection.state.phase === 'waiting');
    one.script = willing(codec);
    const expected = JSON.parse(body.slice(body.indexOf('\n')));
    expect(events[0]).toEqual(expected);
    expect(connection.state.lastError).toContain(expected.error.message);
    expect(log.some(({ level, message }) => level === 'error' && message.includes(expected.error.message))).toBe(true);
    await until(() => events.some(({ type }) => type === 'SUBSCRIBED'));
    expect(losses).toEqual([]);
  });

  it('can be answered by stopping: no further attempt is made', async () => {
    const [first] = errorEvents;
    const one = await master(({ socket }) => socket.write(first?.answer as Buffer));
    const { connection, events } = connect(one.address, {
      codec,
      onEvent: () => void connection.stop(),
    });
    await until(() => events.length === 1 && connection.state.phase === 'stopped');
    await connection.stop();
    expect(subscribesOf(one, codec)).toBe(1);
  });
});

describe('a call refused by', () => {
  it.each(callRefusals)('$name: rejects with the reason', async ({ name, answer, status, body }) => {
    const one = await master(willing(codec));
    const { connection, events, losses } = connect(one.address, { codec, times: { staleGraceMs: 20 } });
    await until(() => events.length === 1);
    const willingAgain = one.script;
    one.script = (request) => {
      one.script = willingAgain;
      request.socket.write(answer);
    };
    const refused = await connection.send({ type: 'REVIVE' }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(CallRefusedError);
    expect(refused).toMatchObject({ status, body, callType: 'REVIVE' });
    expect((refused as Error).message).toContain(`the master refused REVIVE: ${status} ${body.trim()}`.slice(0, 200));
    if (STALE.includes(name)) {
      await until(() => events.length === 2);
      expect(losses).toEqual([expect.stringContaining('the master does not know this stream any more')]);
    } else {
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(losses).toEqual([]);
      await connection.send({ type: 'REVIVE' });
      expect(subscribesOf(one, codec)).toBe(1);
    }
  });

  it('a stale stream id, while the ERROR of the take-over is on its way: the event is still delivered', async () => {
    const answer = recorded.find(({ name }) => name === '400_old_stream_id')?.answer as Buffer;
    const one = await master(willing(codec));
    const { connection, events, losses } = connect(one.address, { codec, times: { staleGraceMs: 5000 } });
    await until(() => events.length === 1);
    const stream = one.requests[0]?.socket;
    one.script = ({ socket }) => socket.write(answer);
    await expect(connection.send({ type: 'REVIVE' })).rejects.toThrow(CallRefusedError);
    one.script = () => undefined;
    stream?.end(
      Buffer.concat([
        eventChunk(codec, { type: 'ERROR', error: { message: 'Framework failed over' } }),
        Buffer.from('0\r\n\r\n'),
      ]),
    );
    await until(() => losses.length === 1);
    expect(events[1]).toEqual({ type: 'ERROR', error: { message: 'Framework failed over' } });
    expect(losses).toEqual(['the master ended the stream after the error: Framework failed over']);
  });
});
