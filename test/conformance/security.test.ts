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
