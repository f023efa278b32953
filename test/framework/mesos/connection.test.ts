import { describe, expect, it, vi } from 'vitest';
import { jsonCodec, protobufCodec } from '../../../framework/mesos/codec.ts';
import { CallRefusedError, NotSubscribedError, TransportError } from '../../../framework/mesos/errors.ts';
import { eventsOf, fixture } from './fixtures.ts';
import { connect, master, subscribesOf, until } from './harness.ts';
import { ACCEPTED, chunk, eventChunk, LAST_CHUNK, streamHead, subscribed, willing } from './scripted-master.ts';

const codec = protobufCodec;
const HEARTBEAT = eventChunk(codec, { type: 'HEARTBEAT' });

describe('a subscription', () => {
  it.each([
    ['lifecycle.pb', protobufCodec],
    ['lifecycle.json', jsonCodec],
  ])(
    'delivers the events of %s, as they came over the wire from a real master, in any pieces',
    async (name, encoding) => {
      const wire = fixture(`${name}.wire.http`);
      const one = await master(({ socket }) => {
        for (let at = 0; at < wire.length; at += 97) socket.write(wire.subarray(at, at + 97));
      });
      const { events, losses, connection } = connect(one.address, { codec: encoding });
      const expected = eventsOf(name).filter(({ type }) => type !== 'HEARTBEAT');
      await until(() => losses.length > 0);
      await connection.stop();
      expect(events.slice(0, expected.length)).toEqual(expected);
      expect(losses[0]).toBe('the master ended the stream');
    },
  );

  it.each([protobufCodec, jsonCodec])(
    'asks in exactly the form that masters compare: $contentType',
    async (encoding) => {
      const one = await master(willing(encoding));
      const { events, connection } = connect(one.address, {
        codec: encoding,
        subscribe: () => ({
          framework_info: { user: 'root', name: 'test', id: { value: 'fw-7' }, roles: ['a'] },
          suppressed_roles: ['a'],
        }),
      });
      await until(() => events.length > 0);
      await connection.send({ type: 'REVIVE' });
      const [subscribe, revive] = one.requests;
      expect(subscribe?.line).toBe('POST /api/v1/scheduler HTTP/1.1');
      expect(subscribe?.headers['Content-Type']).toBe(encoding.contentType);
      expect(subscribe?.headers.Accept).toBe(encoding.contentType);
      expect(Object.keys(subscribe?.headers ?? {}).map((name) => name.toLowerCase())).not.toContain('mesos-stream-id');
      expect(encoding.decodeCall(subscribe?.body as Buffer)).toEqual({
        type: 'SUBSCRIBE',
        framework_id: { value: 'fw-7' },
        subscribe: {
          framework_info: { user: 'root', name: 'test', id: { value: 'fw-7' }, roles: ['a'] },
          suppressed_roles: ['a'],
        },
      });
      expect(revive?.headers['Content-Type']).toBe(encoding.contentType);
      expect(revive?.headers['Mesos-Stream-Id']).toBe('stream-1');
      expect(encoding.decodeCall(revive?.body as Buffer)).toEqual({ type: 'REVIVE', framework_id: { value: 'fw-7' } });
    },
  );

  it('is asked for anew with what holds at that moment', async () => {
    const one = await master(willing(codec, ({ socket }) => socket.end()));
    let id: string | undefined;
    connect(one.address, {
      subscribe: () => ({
        framework_info: { user: 'root', name: 'test', roles: ['*'], ...(id && { id: { value: id } }) },
      }),
      onEvent: (event) => {
        id ??= event.subscribed?.framework_id.value;
      },
    });
    await until(() => subscribesOf(one) >= 2);
    const ids = one.ofType(codec, 'SUBSCRIBE').map(({ body }) => codec.decodeCall(body).framework_id?.value);
    expect(ids.slice(0, 2)).toEqual([undefined, 'fw-1']);
  });

  it('shows in the state', async () => {
    const one = await master(willing(codec, ({ socket }) => socket.write(HEARTBEAT)));
    const before = Date.now();
    const { connection } = connect(one.address);
    expect(connection.state.phase).toBe('connecting');
    await until(() => connection.state.lastHeartbeat);
    expect(connection.state).toMatchObject({
      phase: 'subscribed',
      master: `http://${one.address}/`,
      streamId: 'stream-1',
      frameworkId: 'fw-1',
      failures: 0,
    });
    expect(connection.state.subscribedSince).toBeGreaterThanOrEqual(before);
    await connection.stop();
    expect(connection.state).toMatchObject({ phase: 'stopped', failures: 0 });
  });

  it('that ends is told once, with the reason, and followed by another', async () => {
    const one = await master(willing(codec, ({ socket }, id) => id === 'stream-1' && socket.write(LAST_CHUNK)));
    const { connection, losses, events } = connect(one.address);
    await until(() => events.length === 2);
    expect(losses).toEqual(['the master ended the stream']);
    expect(connection.state).toMatchObject({ phase: 'subscribed', streamId: 'stream-2' });
  });

  it('is lost when its connection is cut, as by a master that was killed', async () => {
    const one = await master(willing(codec, ({ socket }, id) => id === 'stream-1' && socket.resetAndDestroy()));
    const { losses, events } = connect(one.address);
    await until(() => events.length === 2);
    expect(losses).toHaveLength(1);
    expect(losses[0]).toContain(`the stream of http://${one.address}`);
  });

  it.each([
    ['in due form', LAST_CHUNK],
    ['without the last chunk', ''],
  ])('that ends in the middle of a record, %s, is a loss and no event', async (_, end) => {
    const cutOff = chunk(Buffer.from('200\nhalf of it'));
    const one = await master(
      willing(codec, ({ socket }, id) => id === 'stream-1' && socket.end(Buffer.concat([cutOff, Buffer.from(end)]))),
    );
    const { events, losses } = connect(one.address);
    await until(() => events.length === 2);
    expect(events.map(({ type }) => type)).toEqual(['SUBSCRIBED', 'SUBSCRIBED']);
    expect(losses).toHaveLength(1);
  });

  it.each([
    ['no RecordIO', chunk(Buffer.from('<html>')), /expected a record's length/],
    ['no event', chunk(Buffer.from('3\n\xff\xff\xff', 'latin1')), /not a Event/],
  ])('that brings %s is a loss', async (_, bytes, reason) => {
    const one = await master(willing(codec, ({ socket }, id) => id === 'stream-1' && socket.write(bytes)));
    const { events, losses } = connect(one.address);
    await until(() => events.length === 2);
    expect(losses).toEqual([expect.stringMatching(reason)]);
  });

  it('whose event the owner cannot handle is given up, for an event is lost', async () => {
    const one = await master(willing(codec));
    let threw = false;
    const { events, losses, log } = connect(one.address, {
      onEvent: () => {
        if (threw) return;
        threw = true;
        throw new Error('a bug of the owner');
      },
    });
    await until(() => events.length === 2);
    expect(losses).toEqual(['a bug of the owner']);
    expect(log.some(({ level, message }) => level === 'error' && message === 'an event could not be handled')).toBe(
      true,
    );
  });

  it('waits longer with each failure, and less after a stream that lived', async () => {
    const one = await master(willing(codec));
    const { connection, events } = connect(one.address, {
      times: { settledMs: 10, reconnect: { firstMs: 4, maxMs: 8 } },
      onEvent: () => setTimeout(() => one.requests.at(-1)?.socket.end(), 30),
    });
    await until(() => events.length >= 4);
    expect(connection.state.failures).toBeLessThanOrEqual(1);

    const deaf = await master(({ socket }) => socket.destroy());
    const other = connect(deaf.address, { times: { reconnect: { firstMs: 4, maxMs: 8 } } });
    await until(() => other.connection.state.failures >= 5);
    expect(other.losses).toEqual([]);
    expect(other.connection.state.lastError).toContain(`SUBSCRIBE to http://${deaf.address}`);
  });
});

describe('heartbeats', () => {
  it('that stay away end the stream, and a new one is asked for', async () => {
    const one = await master(({ socket, body }) => {
      if (codec.decodeCall(body).type !== 'SUBSCRIBE') return;
      socket.write(streamHead(codec, 's'));
      socket.write(eventChunk(codec, subscribed('fw-1', 0.05)));
    });
    const { events, losses } = connect(one.address);
    await until(() => events.length >= 2);
    expect(losses[0]).toBe('nothing arrived for 0.15 s: 3 heartbeats are missing');
    await until(() => one.requests[0]?.socket.destroyed);
  });

  it('are also missed when SUBSCRIBED itself does not come, or names no interval', async () => {
    let subscribes = 0;
    const one = await master(({ socket }) => {
      subscribes += 1;
      socket.write(streamHead(codec, 's'));
      const silentOnInterval = { type: 'SUBSCRIBED', subscribed: { framework_id: { value: 'fw-1' } } };
      if (subscribes === 2) socket.write(eventChunk(codec, silentOnInterval));
    });
    const { losses, connection } = connect(one.address, { times: { heartbeatMs: 50 } });
    await until(() => losses.length === 1);
    expect(losses[0]).toMatch(/heartbeats are missing/);
    expect(connection.state.lastError).toMatch(/heartbeats are missing/);
    expect(subscribes).toBe(2);
  });

  it('that come keep the stream, and are not delivered', async () => {
    const one = await master(
      willing(codec, ({ socket }) => {
        const beat = setInterval(() => socket.write(HEARTBEAT), 50);
        socket.on('close', () => clearInterval(beat));
      }),
    );
    // SUBSCRIBED names 15 s; 3 s without anything are the limit here, and 50 ms of silence the rule.
    const { connection, events, losses } = connect(one.address, { times: { heartbeatsMissed: 3 / 15 } });
    await until(() => connection.state.lastHeartbeat);
    const since = connection.state.subscribedSince as number;
    await until(() => (connection.state.lastHeartbeat as number) - since > 3500);
    expect(losses).toEqual([]);
    expect(events).toHaveLength(1);
  });
});

describe('events that this version does not know', () => {
  it('are ignored, with one log line for each kind', async () => {
    const unknownType = chunk(Buffer.from('2\n\x08\x63', 'latin1'));
    const unknownField = chunk(Buffer.from('5\n\x08\x08\xc2\x3e\x00', 'latin1'));
    const one = await master(
      willing(codec, ({ socket }) => {
        socket.write(Buffer.concat([unknownType, unknownType, unknownField, unknownField]));
        socket.write(eventChunk(codec, { type: 'RESCIND', rescind: { offer_id: { value: 'o' } } }));
      }),
    );
    const { events, log, losses } = connect(one.address);
    await until(() => events.length === 2);
    expect(events.map(({ type }) => type)).toEqual(['SUBSCRIBED', 'RESCIND']);
    expect(losses).toEqual([]);
    const lines = log.filter(({ message }) => message.includes('does not know'));
    expect(lines.map(({ fields }) => fields)).toEqual([
      { unknown: 'Type value 99' },
      { unknown: 'Event type 99' },
      { unknown: 'Event field 1000' },
    ]);
  });
});

describe('calls', () => {
  it('go over other connections than the stream, whose connection carries nothing else', async () => {
    const one = await master(willing(codec));
    const { connection, events } = connect(one.address);
    await until(() => events.length > 0);
    await Promise.all([1, 2, 3, 4].map(() => connection.send({ type: 'REVIVE' })));
    await connection.send({ type: 'SUPPRESS' });
    const stream = one.requests[0]?.connection;
    expect(one.requests.filter(({ connection }) => connection === stream)).toHaveLength(1);
    const others = one.requests.slice(1).map(({ connection }) => connection);
    expect(others).toHaveLength(5);
    expect(new Set(others).size).toBe(1);
  });

  it('succeed with 202, UPDATE_FRAMEWORK with 200', async () => {
    const one = await master(willing(codec));
    const { connection, events } = connect(one.address);
    await until(() => events.length > 0);
    const framework_info = { user: 'root', name: 'renamed', id: { value: 'fw-1' } };
    await connection.send({ type: 'UPDATE_FRAMEWORK', update_framework: { framework_info } });
    one.script = ({ socket }) => socket.write(ACCEPTED.replace('202 Accepted', '200 OK'));
    await expect(connection.send({ type: 'REVIVE' })).rejects.toThrow(CallRefusedError);
  });

  it('are not made without a subscription, nor under another than the one they were made for', async () => {
    const one = await master(willing(codec));
    const { connection, events } = connect(one.address);
    await expect(connection.send({ type: 'REVIVE' })).rejects.toThrow(NotSubscribedError);
    await until(() => events.length > 0);

    // The first call is answered only when the stream has been replaced; the second waits for its turn meanwhile.
    const answer: (() => void)[] = [];
    const subscribe = willing(codec);
    one.script = (request) => {
      if (codec.decodeCall(request.body).type === 'SUBSCRIBE') subscribe(request);
      else answer.push(() => request.socket.write(ACCEPTED));
    };
    const first = connection.send({ type: 'REVIVE' });
    const second = connection.send({ type: 'SUPPRESS' });
    await until(() => answer.length === 1);
    one.requests[0]?.socket.end(LAST_CHUNK);
    await until(() => events.length === 2);
    answer[0]?.();
    await expect(first).resolves.toBeUndefined();
    await expect(second).rejects.toThrow(NotSubscribedError);
    expect(one.ofType(codec, 'SUPPRESS')).toEqual([]);
  });

  it('whose answer does not come are transport errors: whether they took effect is not known', async () => {
    const one = await master(willing(codec));
    const { connection, events } = connect(one.address, { times: { answerMs: 200 } });
    await until(() => events.length > 0);
    one.script = ({ socket }) => socket.destroy();
    await expect(connection.send({ type: 'REVIVE' })).rejects.toThrow(TransportError);
    one.script = () => undefined;
    await expect(connection.send({ type: 'REVIVE' })).rejects.toThrow(
      /REVIVE to .* it did not answer within the time limit/,
    );
    // Node destroys the connection, and tells of no error.
    one.script = ({ socket }) =>
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n');
    await expect(connection.send({ type: 'REVIVE' })).rejects.toThrow(/closed the connection without an answer/);
    one.script = willing(codec);
    await vi.waitFor(() => connection.send({ type: 'REVIVE' }), { timeout: 60_000 });
    expect(connection.state.phase).toBe('subscribed');
  });
});

describe('stop', () => {
  it('closes the stream, tells no loss, and lets calls that are under way end', async () => {
    const one = await master(willing(codec));
    const { connection, events, losses } = connect(one.address);
    await until(() => events.length > 0);
    const answer: (() => void)[] = [];
    one.script = ({ socket }) => answer.push(() => socket.write(ACCEPTED));
    const call = connection.send({ type: 'TEARDOWN' });
    await until(() => answer.length === 1);
    const stopped = connection.stop();
    await until(() => one.requests[0]?.socket.destroyed);
    answer[0]?.();
    await expect(call).resolves.toBeUndefined();
    await stopped;
    expect(losses).toEqual([]);
    await expect(connection.send({ type: 'REVIVE' })).rejects.toThrow(NotSubscribedError);
    expect(subscribesOf(one)).toBe(1);
  });

  it('ends an attempt that hangs, and a wait', async () => {
    const silent = await master(() => undefined);
    const hanging = connect(silent.address);
    await until(() => silent.requests.length === 1);
    await hanging.connection.stop();

    const deaf = await master(({ socket }) => socket.destroy());
    const waiting = connect(deaf.address, { times: { reconnect: { firstMs: 60_000, maxMs: 60_000 } } });
    await until(() => waiting.connection.state.phase === 'waiting');
    expect(waiting.connection.state.nextAttempt).toBeGreaterThan(Date.now());
    await waiting.connection.stop();
    expect(waiting.connection.state.phase).toBe('stopped');
  });
});
