import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { frameworkInfo, send } from './client.ts';
import { firstOffer, isReal, launch, task, useCluster } from './cluster.ts';

const cluster = useCluster({ credentials: { principal: 'workqueue', secret: 's3cret' } });
const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
const RIGHT = basic('workqueue:s3cret');

describe.skipIf(isReal)('a master with credentials (needs a master set up with them)', () => {
  it.each([
    ['no credentials', {}],
    ['a wrong secret', basic('workqueue:guess')],
    ['an unknown principal', basic('other:s3cret')],
    ['another scheme', { authorization: 'Bearer s3cret' }],
  ])('refuses %s', async (_, headers: Record<string, string>) => {
    const answer = await send(`${cluster.url}/api/v1/scheduler`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info: frameworkInfo() } }),
    });
    expect([answer.status, answer.text]).toEqual([401, '401 Unauthorized.']);
    expect(answer.headers['www-authenticate']).toBe('Basic realm="mesos-master-scheduler"');
  });

  it('guards its state and the files of its agents, but not health, version and the leader', async () => {
    const framework = await cluster.subscribe({ headers: RIGHT });
    const offer = await firstOffer(framework);
    const agent = `http://127.0.0.1:${offer.url?.address.port}`;
    const state = await send(`${cluster.url}/state`);
    expect([state.status, state.headers['www-authenticate']]).toEqual([401, 'Basic realm="mesos-master-readonly"']);
    const files = await send(`${agent}/files/browse?path=/`);
    expect([files.status, files.headers['www-authenticate']]).toEqual([401, 'Basic realm="mesos-agent-readonly"']);
    expect((await send(`${agent}/files/browse?path=/`, { headers: RIGHT })).status).toBe(404);
    for (const path of ['/health', '/version', '/redirect']) {
      expect((await send(cluster.url + path)).status).not.toBe(401);
    }
  });

  it('fills the principal in, and lets the framework work', async () => {
    const framework = await cluster.subscribe({ headers: RIGHT });
    const offer = await firstOffer(framework);
    await launch(framework, [offer], [task(offer, 'works')]);
    await framework.update('works', 'TASK_FINISHED');
    const { text } = await send(`${cluster.url}/state`, { headers: RIGHT });
    const { frameworks } = JSON.parse(text) as { frameworks: { id: string; principal: string }[] };
    expect(frameworks.find(({ id }) => id === framework.id)?.principal).toBe('workqueue');
  });

  it('launches, kills and tears down nothing for strangers', async () => {
    const framework = await cluster.subscribe({ headers: RIGHT });
    const offer = await firstOffer(framework);
    const accept = {
      offer_ids: [offer.id],
      operations: [{ type: 'LAUNCH' as const, launch: { task_infos: [task(offer, 'strange')] } }],
    };
    for (const authorization of [
      '',
      'Basic',
      basic('workqueue:').authorization,
      basic('workqueue:s3cret2').authorization,
    ]) {
      expect((await framework.call('ACCEPT', { accept }, { authorization })).status).toBe(401);
      const kill = { kill: { task_id: { value: 'strange' } } };
      expect((await framework.call('KILL', kill, { authorization })).status).toBe(401);
      expect((await framework.call('TEARDOWN', {}, { authorization })).status).toBe(401);
    }
    await launch(framework, [offer], [task(offer, 'own')]);
    await framework.update('own', 'TASK_FINISHED');
    expect(framework.statuses('strange')).toEqual([]);
  });

  it('answers no page of another site, not even with the right credentials', async () => {
    const framework = await cluster.subscribe({ headers: RIGHT });
    const offer = await firstOffer(framework);
    const { port } = new URL(cluster.url);
    for (const url of [cluster.url, `http://127.0.0.1:${offer.url?.address.port}`]) {
      for (const path of ['/state', '/health', '/api/v1/scheduler', '/files/browse?path=/']) {
        expect((await send(url + path, { headers: { ...RIGHT, host: `evil.example.org:${port}` } })).status).toBe(421);
        expect((await send(url + path, { headers: { ...RIGHT, origin: 'http://evil.example.org' } })).status).toBe(403);
        expect((await send(url + path, { headers: { ...RIGHT, 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
      }
      const { status, headers } = await send(`${url}/state`, { headers: RIGHT });
      expect([status, headers['cache-control'], headers['x-content-type-options']]).toEqual([
        200,
        'no-store',
        'nosniff',
      ]);
    }
    expect(framework.headers['cache-control']).toBe('no-store');
  });

  it('takes calls of the right type and of a sensible length only', async () => {
    const framework = await cluster.subscribe({ headers: RIGHT });
    const offer = await firstOffer(framework);
    const agent = `http://127.0.0.1:${offer.url?.address.port}`;
    const post = async (url: string, type: string, body: string | Buffer, headers: Record<string, string> = {}) =>
      (await send(url, { method: 'POST', headers: { ...RIGHT, 'content-type': type, ...headers }, body })).status;
    const health = JSON.stringify({ type: 'GET_HEALTH' });
    expect(await post(`${agent}/api/v1`, 'application/json', health)).toBe(200);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
      expect(await post(`${agent}/api/v1`, type, health)).toBe(415);
      expect(await post(`${cluster.url}/api/v1/scheduler`, type, '{}')).toBe(415);
    }
    expect(await post(`${agent}/api/v1`, 'application/json', '{')).toBe(400);
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
    const packed = { 'content-encoding': 'gzip' };
    for (const url of [`${agent}/api/v1`, `${cluster.url}/api/v1/scheduler`]) {
      expect(await post(url, 'application/json', bomb, packed)).toBe(413);
      expect(await post(url, 'application/json', 'not packed', packed)).toBe(400);
    }
  });

  it('refuses a principal that is not the authenticated one, and calls without credentials', async () => {
    const other = await send(`${cluster.url}/api/v1/scheduler`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...RIGHT },
      body: JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info: frameworkInfo({ principal: 'other' }) } }),
    });
    expect([other.status, other.text]).toEqual([
      400,
      "Failed to validate scheduler::Call: Authenticated principal 'workqueue' does not match principal 'other' set in `FrameworkInfo`",
    ]);
    const framework = await cluster.subscribe({ headers: RIGHT, info: frameworkInfo({ principal: 'workqueue' }) });
    await framework.next('SUBSCRIBED');
    expect((await framework.call('REVIVE', {}, { authorization: '' })).status).toBe(401);
    expect((await framework.call('REVIVE')).status).toBe(202);
  });
});
