import { describe, expect, it } from 'vitest';
import { protobufCodec as codec } from '../../../framework/mesos/codec.ts';
import { TransportError } from '../../../framework/mesos/errors.ts';
import { redirectTarget } from '../../../framework/mesos/http.ts';
import { connect, master, subscribesOf, until } from './harness.ts';
import { LAST_CHUNK, type Script, ScriptedMaster, willing } from './scripted-master.ts';

/** As a master that does not lead answers: no scheme, and another path than was asked for. */
function redirecting(to: () => string): Script {
  return ({ socket }) =>
    socket.write(
      `HTTP/1.1 307 Temporary Redirect\r\nLocation: //${to()}/master/api/v1/scheduler\r\nContent-Length: 0\r\n\r\n`,
    );
}

describe('where a redirect leads', () => {
  const from = new URL('http://10.0.0.1:5050/');
  const to = (location: string | undefined, base = from) => redirectTarget(base, location).href;

  it('is the host of the Location, by the scheme of the request if it names none', () => {
    expect(to('//10.0.0.2:5050/master/api/v1/scheduler')).toBe('http://10.0.0.2:5050/');
    expect(to('//leader:5050/master/api/v1/scheduler', new URL('https://a:5050/'))).toBe('https://leader:5050/');
    expect(to('https://leader:5050/api/v1/scheduler')).toBe('https://leader:5050/');
    expect(to('//[::1]:5050')).toBe('http://[::1]:5050/');
    expect(to('http://proxy/mesos/master/api/v1/scheduler')).toBe('http://proxy/mesos/');
    expect(to('/elsewhere/api/v1/scheduler')).toBe('http://10.0.0.1:5050/elsewhere/');
  });

  it('is an error when it cannot be followed, or leaves TLS', () => {
    expect(() => to(undefined)).toThrow(TransportError);
    expect(() => to('http://host:notaport/')).toThrow(/is no URL/);
    expect(() => to('ftp://host/')).toThrow(/without a usable Location/);
    expect(() => to('http://b:5050/', new URL('https://a:5050/'))).toThrow(/leave TLS/);
  });
});

describe('SUBSCRIBE', () => {
  it('follows a redirect to the leader, and calls then go there', async () => {
    const leader = await master(willing(codec));
    const follower = await master(redirecting(() => leader.address));
    const { connection, events } = connect(follower.address);
    await until(() => events.length === 1);
    await connection.send({ type: 'REVIVE' });
    expect(follower.requests).toHaveLength(1);
    expect(leader.requests.map(({ line }) => line)).toEqual(Array(2).fill('POST /api/v1/scheduler HTTP/1.1'));
    expect(connection.state.master).toBe(`http://${leader.address}/`);
  });

  it('gives up where masters redirect to each other, waits, and asks again', async () => {
    const a: ScriptedMaster = await master(redirecting(() => b.address));
    const b: ScriptedMaster = await master(redirecting(() => a.address));
    const { connection, events, losses } = connect(a.address);
    await until(() => connection.state.failures >= 2);
    expect(connection.state.lastError).toContain('redirected more than 5 times');
    a.script = willing(codec);
    await until(() => events.length === 1);
    expect(losses).toEqual([]);
  });

  it('waits and asks the others again when the redirect leads to a host that refuses', async () => {
    const dead = await new ScriptedMaster(() => undefined).listen();
    const deadAddress = dead.address;
    await dead.close();
    const follower = await master(redirecting(() => deadAddress));
    const { connection, events } = connect(follower.address);
    await until(() => connection.state.failures >= 2);
    expect(connection.state.lastError).toContain(`SUBSCRIBE to http://${deadAddress}`);
    // Elected meanwhile.
    follower.script = willing(codec);
    await until(() => events.length === 1);
    expect(connection.state.master).toBe(`http://${follower.address}/`);
  });
});

describe('a call', () => {
  it('follows a redirect, with the stream id', async () => {
    const leader = await master(willing(codec));
    const { connection, events } = connect(leader.address);
    await until(() => events.length === 1);
    const balancer = await master(redirecting(() => leader.address));
    // What a load balancer does: the next connection for a call ends at another master.
    const real = leader.script;
    leader.script = (request) => {
      leader.script = real;
      redirecting(() => balancer.address)(request);
    };
    await connection.send({ type: 'REVIVE' });
    const [call] = balancer.requests;
    expect(call?.headers['Mesos-Stream-Id']).toBe('stream-1');
    expect(leader.ofType(codec, 'REVIVE').map(({ headers }) => headers['Mesos-Stream-Id'])).toEqual([
      'stream-1',
      'stream-1',
    ]);
    expect(subscribesOf(leader)).toBe(1);
  });

  it('is given up after too many redirects, or where they lead nowhere', async () => {
    const one = await master(willing(codec));
    const { connection, events } = connect(one.address);
    await until(() => events.length === 1);
    one.script = redirecting(() => one.address);
    await expect(connection.send({ type: 'REVIVE' })).rejects.toThrow(/redirected more than 5 times/);
    one.script = ({ socket }) => socket.write('HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\n\r\n');
    await expect(connection.send({ type: 'REVIVE' })).rejects.toThrow(TransportError);
  });
});

describe('a list of masters', () => {
  it('is tried one after the other until one leads', async () => {
    const dead = await new ScriptedMaster(() => undefined).listen();
    const deadAddress = dead.address;
    await dead.close();
    const unready = await master(({ socket }) =>
      socket.write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 17\r\n\r\nNo leader elected'),
    );
    const leader = await master(willing(codec));
    const { connection, events } = connect(`${deadAddress},${unready.address},${leader.address}`);
    await until(() => events.length === 1);
    expect(connection.state).toMatchObject({ master: `http://${leader.address}/`, failures: 2 });
    expect(unready.requests).toHaveLength(1);
  });

  it('goes on with the same master after a stream ended, and with the next when that one is gone', async () => {
    const first = await master(willing(codec, ({ socket }, id) => id === 'stream-1' && socket.write(LAST_CHUNK)));
    const second = await master(willing(codec));
    const { events, connection } = connect(`${first.address},${second.address}`);
    await until(() => events.length === 2);
    expect(second.requests).toEqual([]);
    await first.close();
    await until(() => events.length === 3);
    expect(connection.state.master).toBe(`http://${second.address}/`);
  });
});
