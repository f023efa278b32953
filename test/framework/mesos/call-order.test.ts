import { describe, expect, it } from 'vitest';
import { protobufCodec } from '../../../framework/mesos/codec.ts';
import { NotSubscribedError } from '../../../framework/mesos/errors.ts';
import { connect, master, until } from './harness.ts';
import { ACCEPTED, LAST_CHUNK, willing } from './scripted-master.ts';

const codec = protobufCodec;

/** A subscribed connection whose master answers a call only when the function for it in `answer` is called. */
async function unanswered() {
  const subscribe = willing(codec);
  const one = await master(subscribe);
  const { connection, events } = connect(one.address);
  await until(() => events.length > 0);
  const answer: (() => void)[] = [];
  one.script = (request) => {
    if (codec.decodeCall(request.body).type === 'SUBSCRIBE') subscribe(request);
    else answer.push(() => request.socket.write(ACCEPTED));
  };
  const launch = (id: string) => {
    const task = { name: id, task_id: { value: id }, agent_id: { value: 'S0' }, resources: [] };
    const operations = [{ type: 'LAUNCH' as const, launch: { task_infos: [task] } }];
    return connection.send({ type: 'ACCEPT', accept: { offer_ids: [{ value: 'O1' }], operations } });
  };
  const kill = (id: string) => connection.send({ type: 'KILL', kill: { task_id: { value: id } } });
  const acknowledge = (update: number) => {
    const status = { agent_id: { value: 'S0' }, task_id: { value: 'a' }, uuid: Buffer.alloc(16, update) };
    return connection.send({ type: 'ACKNOWLEDGE', acknowledge: status });
  };
  return { one, connection, events, answer, launch, kill, acknowledge };
}

describe('calls', () => {
  it('arrive in the order in which they were made', async () => {
    const one = await master(willing(codec));
    const { connection, events } = connect(one.address);
    await until(() => events.length > 0);
    const types = Array.from({ length: 60 }, (_, n) => (n % 3 === 0 ? 'SUPPRESS' : 'REVIVE') as 'SUPPRESS' | 'REVIVE');
    await Promise.all(types.map((type) => connection.send({ type })));
    expect(one.requests.slice(1).map(({ body }) => codec.decodeCall(body).type)).toEqual(types);
  });

  it('of different workers go together, also before the first of them is answered; another call waits for all of them', async () => {
    const { one, connection, answer, kill } = await unanswered();
    const sent = [kill('a'), kill('b'), connection.send({ type: 'REVIVE' })];
    await until(() => answer.length === 2);
    expect(one.ofType(codec, 'KILL')).toHaveLength(2);
    answer[0]?.();
    await sent[0];
    expect(one.ofType(codec, 'REVIVE')).toEqual([]);
    answer[1]?.();
    await until(() => answer.length === 3);
    answer[2]?.();
    await Promise.all(sent);
  });

  it('launch and kill together, but no kill overtakes the launch of its worker', async () => {
    const { one, answer, launch, kill } = await unanswered();
    const sent = [launch('a'), kill('a'), kill('b')];
    await until(() => answer.length === 2);
    const killed = () => one.ofType(codec, 'KILL').map(({ body }) => codec.decodeCall(body).kill?.task_id.value);
    expect(killed()).toEqual(['b']);
    for (const give of answer.splice(0)) give();
    await until(() => answer.length === 1);
    expect(killed()).toEqual(['b', 'a']);
    answer[0]?.();
    await Promise.all(sent);
  });

  it('do not wait for acknowledgements, nor acknowledgements for them', async () => {
    const { connection, answer, acknowledge } = await unanswered();
    const sent = [acknowledge(1), connection.send({ type: 'REVIVE' }), acknowledge(2)];
    await until(() => answer.length === 3);
    for (const give of answer) give();
    await Promise.all(sent);
  });

  it('acknowledge an update once, also when it is repeated before the master has answered, and again when it comes later', async () => {
    const { one, answer, acknowledge } = await unanswered();
    const both = [acknowledge(1), acknowledge(1)];
    await until(() => answer.length === 1);
    answer[0]?.();
    await Promise.all(both);
    const later = acknowledge(1);
    await until(() => answer.length === 2);
    answer[1]?.();
    await later;
    expect(one.ofType(codec, 'ACKNOWLEDGE')).toHaveLength(2);
  });

  it.each(['when the stream is replaced', 'when the connection stops'])(
    'that wait are not sent %s, and those under the next stream are',
    async (when) => {
      const { one, connection, events, answer, launch, kill, acknowledge } = await unanswered();
      const sent = [
        launch('a'),
        kill('a'),
        ...Array.from({ length: 40 }, (_, n) => kill(`other-${n}`)),
        connection.send({ type: 'REVIVE' }),
        ...Array.from({ length: 40 }, (_, n) => acknowledge(n)),
      ];
      const outcomes = Promise.allSettled(sent);
      // The launch and 30 kills, since one kill waits for the launch; and 32 acknowledgements.
      await until(() => answer.length === 63);
      if (when === 'when the connection stops') {
        const stopped = connection.stop();
        for (const give of answer) give();
        await stopped;
      } else {
        one.requests[0]?.socket.end(LAST_CHUNK);
        await until(() => events.length === 2);
        const next = [connection.send({ type: 'SUPPRESS' }), acknowledge(0)];
        for (const give of answer.splice(0)) give();
        await until(() => answer.length === 2);
        for (const give of answer) give();
        await Promise.all(next);
      }
      const failed = (await outcomes).filter(({ status }) => status === 'rejected');
      expect(failed).toHaveLength(sent.length - 63);
      expect(failed.every((one) => one.status === 'rejected' && one.reason instanceof NotSubscribedError)).toBe(true);
      expect(one.ofType(codec, 'REVIVE')).toEqual([]);
    },
  );
});
