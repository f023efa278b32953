import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { protobufCodec as codec } from '../../../framework/mesos/codec.ts';
import { type MasterLocator, parseMaster } from '../../../framework/mesos/leader.ts';
import { ZooKeeperSession } from '../../../framework/mesos/zookeeper-session.ts';
import { fixture, fixtureNames } from './fixtures.ts';
import { closeAfterTest, connect, type LogLine, logTo, master, until } from './harness.ts';
import { Contender, CREATOR_ONLY, freePort, installed, masterInfo, RealZooKeeper, Relay } from './real-zookeeper.ts';
import { willing } from './scripted-master.ts';

describe('what is no ZooKeeper', () => {
  it('ends the session with a reason, whatever it sends', async () => {
    const bytes = fc.uint8Array({ minLength: 4, maxLength: 200 });
    // A session is granted first in half of the cases: protocol 0, 3000 ms, an id and a password.
    const granted = Buffer.from(`00000024${'00000000'}${'00000bb8'}${'00'.repeat(8)}00000010${'00'.repeat(16)}`, 'hex');
    await fc.assert(
      fc.asyncProperty(fc.boolean(), bytes, async (grant, garbage) => {
        const impostor = createServer((socket) => {
          socket.on('error', () => undefined);
          socket.once('data', () => socket.end(Buffer.concat([grant ? granted : Buffer.alloc(0), garbage])));
        });
        await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
        const { port } = impostor.address() as { port: number };
        const session = new ZooKeeperSession({
          host: '127.0.0.1',
          port,
          timeoutMs: 3000,
          auth: 'a:b',
          onWatch: () => {},
        });
        const asked = session.children('/mesos').then(
          () => 'answered',
          () => 'failed',
        );
        expect(await session.ended).toBeInstanceOf(Error);
        await session.close();
        expect(['answered', 'failed']).toContain(await asked);
        await new Promise((resolve) => impostor.close(resolve));
      }),
      { numRuns: 60 },
    );
  });

  it('is given up when it accepts the connection and says nothing', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const session = new ZooKeeperSession({
      host: '127.0.0.1',
      port,
      timeoutMs: 300,
      auth: undefined,
      onWatch: () => {},
    });
    await expect(session.children('/mesos')).rejects.toThrow('the server did not answer within 200 ms');
    await session.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe.runIf(installed)('ZooKeeper', () => {
  const server = new RealZooKeeper();
  beforeAll(() => server.start());
  afterAll(() => server.remove());

  let lines: LogLine[] = [];
  let path = '/mesos';
  afterEach(() => {
    lines = [];
  });
  const { signal } = new AbortController();

  function locate(spec: string): MasterLocator {
    const locator = parseMaster(spec, { log: logTo(lines), zookeeperTimeoutMs: 1000 });
    closeAfterTest(() => locator.close());
    return locator;
  }
  const spec = (auth = '') => `zk://${auth}127.0.0.1:${server.port}${path}`;
  const portOf = async (locator: MasterLocator) => Number((await locator.current(signal)).port);

  it('names the master whose znode, as recorded from a real one, has the lowest number', async () => {
    path = '/recorded';
    const [one] = fixtureNames('zookeeper', '.json');
    const contender = new Contender(server.port);
    await contender.enter(path, fixture('zookeeper', one as string));
    await contender.enter(path, Buffer.from('not a master'), 'log_replicas_');
    await contender.enter(path, fixture('zookeeper', 'json.info_0000000002.json'));
    expect((await locate(spec()).current(signal)).href).toBe('http://127.0.0.1:25071/');
  });

  it('is waited for until a master registers, also below a path that does not exist yet', async () => {
    path = '/later';
    const locator = locate(spec());
    const asked = portOf(locator);
    await until(() => lines.some(({ message }) => message.includes('/later does not exist')));
    const given = new AbortController();
    const impatient = locator.current(given.signal);
    given.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    await new Contender(server.port).enter(path, masterInfo(5051));
    expect(await asked).toBe(5051);
    expect(lines.filter(({ message }) => message.includes('does not exist'))).toHaveLength(1);
  });

  it('tells when another master leads', async () => {
    path = '/election';
    const [first, second] = [new Contender(server.port), new Contender(server.port)];
    await first.enter(path, masterInfo(5051));
    await second.enter(path, masterInfo(5052));
    const locator = locate(spec());
    const told: number[] = [];
    locator.onLeader((leader) => told.push(Number(leader.port)));
    expect(await portOf(locator)).toBe(5051);
    // The word of a master that is asked does not count against ZooKeeper's.
    locator.redirected(new URL('http://127.0.0.1:9/'));
    locator.failed(new URL('http://127.0.0.1:5051/'));
    expect(await portOf(locator)).toBe(5051);
    await first.leave();
    await until(() => told.length === 2);
    expect(told).toEqual([5051, 5052]);
    expect(await portOf(locator)).toBe(5052);
  });

  it('may be protected: the password opens it, and nothing tells the password', async () => {
    path = '/protected';
    await new Contender(server.port, 'mesos:hunter2').enter(path, masterInfo(5051), undefined, CREATOR_ONLY);
    const locator = locate(spec('mesos:hunter2@'));
    expect(await portOf(locator)).toBe(5051);
    expect(`${locator}`).toBe(`zk://…@127.0.0.1:${server.port}/protected`);
    const shut = locate(spec('mesos:wrong-one@'));
    await until(() => lines.some(({ message }) => message.includes('may not read /protected')));
    const given = new AbortController();
    const never = shut.current(given.signal);
    given.abort(new Error('enough'));
    await expect(never).rejects.toThrow('enough');
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|wrong-one/);
  });

  it('that does not answer any more, or loses the session, is asked anew in a new session', async () => {
    path = '/proxied';
    const contender = new Contender(server.port);
    await contender.enter(path, masterInfo(5051));
    const relay = await Relay.listen(server.port);
    const locator = locate(`zk://127.0.0.1:${relay.port}${path}`);
    expect(await portOf(locator)).toBe(5051);

    // The connection stays open, and nothing comes through: only a question of one's own finds that out.
    relay.mute();
    await until(() => lines.some(({ message }) => message.includes('did not answer within')));
    expect(await portOf(locator)).toBe(5051);
    await new Contender(server.port).enter(path, masterInfo(5052));
    await contender.leave();
    relay.unmute();
    await until(async () => (await portOf(locator)) === 5052);
  });

  it('that is killed and comes back is followed again; the last leader holds meanwhile', async () => {
    path = '/restart';
    const first = new Contender(server.port);
    const node = await first.stay(path, masterInfo(5051));
    const locator = locate(spec());
    expect(await portOf(locator)).toBe(5051);
    // Its client does not always get through to a server that has just begun to listen, and cannot be stopped then.
    await first.leave();
    await server.kill();
    await until(() => lines.some(({ message }) => message.includes(`leading master: 127.0.0.1:${server.port}`)));
    expect(await portOf(locator)).toBe(5051);
    await server.start();
    // Its node has survived the restart; when it goes, only a locator that reads again can know.
    const second = new Contender(server.port);
    await second.enter(path, masterInfo(5052));
    await second.remove(`${path}/${node}`);
    await until(async () => (await portOf(locator)) === 5052);
  });

  it('may be several servers, of which one that is down is passed over', async () => {
    path = '/ensemble';
    await new Contender(server.port).enter(path, masterInfo(5051));
    const down = await freePort();
    const locators = [1, 2, 3, 4].map(() => locate(`zk://127.0.0.1:${down},127.0.0.1:${server.port}${path}`));
    expect(await Promise.all(locators.map(portOf))).toEqual([5051, 5051, 5051, 5051]);
  });

  it('is understood when its bytes come one at a time', async () => {
    path = '/dribble';
    await new Contender(server.port).enter(path, masterInfo(5051));
    const relay = await Relay.listen(server.port);
    relay.dribble = true;
    expect(await portOf(locate(`zk://127.0.0.1:${relay.port}${path}`))).toBe(5051);
  });

  it('moves a subscription to the new leader, even when the old one keeps the stream open', async () => {
    path = '/moving';
    const [one, two] = [await master(willing(codec)), await master(willing(codec))];
    const first = new Contender(server.port);
    await first.enter(path, masterInfo(one.port));
    await new Contender(server.port).enter(path, masterInfo(two.port));
    const { connection, events, losses } = connect(spec());
    await until(() => events.length === 1);
    expect(connection.state.master).toBe(`http://${one.address}/`);
    await first.leave();
    await until(() => events.length === 2);
    expect(connection.state.master).toBe(`http://${two.address}/`);
    expect(losses).toEqual([`http://${two.address} is the leader now`]);
  });

  it('names a new leader, which is asked again soon while it recovers, however long the old one has been gone', async () => {
    path = '/recovering';
    const gone = new Contender(server.port);
    await gone.enter(path, masterInfo(await freePort()));
    const real = willing(codec);
    const next = await master(({ socket }) => {
      next.script = real;
      socket.write('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 33\r\n\r\nMaster has not finished recovery.');
    });
    await new Contender(server.port).enter(path, masterInfo(next.port));
    const { connection, events } = connect(spec(), { times: { reconnect: { firstMs: 20, maxMs: 60_000 } } });
    await until(() => connection.state.failures >= 5);
    await gone.leave();
    await until(() => events.length === 1);
    expect(connection.state.failures).toBeLessThan(3);
  });

  it('is left alone after close', async () => {
    path = '/closed';
    const locator = locate(spec());
    const asked = expect(locator.current(signal)).rejects.toThrow('closed');
    await locator.close();
    await asked;
    await expect(locator.current(signal)).rejects.toThrow('closed');
  });
});
