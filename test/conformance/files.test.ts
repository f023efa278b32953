import { describe, expect, it } from 'vitest';
import type { Offer } from '../../framework/mesos/messages.ts';
import { type RawFramework, send } from './client.ts';
import { firstOffer, launch, task, useCluster } from './cluster.ts';

const cluster = useCluster();

const agentOf = (offer: Offer): string => `http://${offer.url?.address.ip}:${offer.url?.address.port}`;

/** Runs a task that writes to both of its streams, and goes on or ends. */
async function write(framework: RawFramework, command: string, until: string) {
  const offer = await firstOffer(framework);
  await launch(framework, [offer], [task(offer, 'writes', { command })], 600);
  await framework.update('writes', until);
  const path = `/frameworks/${framework.id}/executors/writes/runs/latest`;
  return { agent: agentOf(offer), path };
}

async function readFile(agent: string, path: string, range = '&offset=0') {
  const answer = await send(`${agent}/files/read?path=${encodeURIComponent(path)}${range}`);
  return { status: answer.status, ...(answer.status === 200 ? JSON.parse(answer.text) : { text: answer.text }) };
}

describe("a task's files", () => {
  it('are listed and read through its agent, after its end too', async () => {
    const framework = await cluster.subscribe();
    const { agent, path } = await write(framework, 'echo to-stdout; echo to-stderr >&2', 'TASK_FINISHED');
    const listed = await send(`${agent}/files/browse?path=${encodeURIComponent(path)}`);
    const entries = JSON.parse(listed.text) as { path: string; size: number; mode: string }[];
    const stdout = entries.find((entry) => entry.path === `${path}/stdout`);
    expect(stdout?.mode).toBe('-rw-r--r--');
    expect(entries.map((entry) => entry.path)).toContain(`${path}/stderr`);
    expect((await readFile(agent, `${path}/stdout`)).data).toContain('to-stdout\n');
    expect((await readFile(agent, `${path}/stderr`)).data).toContain('to-stderr\n');
  });

  it('grow while it runs', async () => {
    const framework = await cluster.subscribe();
    const { agent, path } = await write(
      framework,
      'for i in 1 2 3 4 5; do echo line $i; sleep 0.3; done',
      'TASK_RUNNING',
    );
    let text = '';
    const deadline = Date.now() + 60_000;
    while (!text.includes('line 5\n') && Date.now() < deadline) {
      text += (await readFile(agent, `${path}/stdout`, `&offset=${Buffer.byteLength(text)}`)).data;
    }
    expect(text.endsWith('line 1\nline 2\nline 3\nline 4\nline 5\n')).toBe(true);
  });

  it('are read in pieces of at most 65536 bytes; without an offset only the size is told', async () => {
    const framework = await cluster.subscribe();
    const { agent, path } = await write(framework, 'head -c 200000 /dev/zero | tr "\\0" x', 'TASK_FINISHED');
    const file = `${path}/stdout`;
    const size = (await readFile(agent, file, '')).offset;
    expect(size).toBeGreaterThanOrEqual(200_000);
    expect(await readFile(agent, file, '')).toEqual({ status: 200, data: '', offset: size });
    expect((await readFile(agent, file, '&offset=0&length=200000')).data).toHaveLength(65_536);
    expect((await readFile(agent, file, `&offset=${size - 5}&length=5`)).data).toBe('xxxxx');
    expect(await readFile(agent, file, '&offset=1000000')).toEqual({ status: 200, data: '', offset: 1_000_000 });
    expect((await readFile(agent, file, '&offset=0&length=-5')).status).toBe(400);
    const whole = await send(`${agent}/files/download?path=${encodeURIComponent(file)}`);
    expect(whole.text.length).toBe(size);
    expect(whole.headers['content-disposition']).toBe('attachment; filename=stdout');
  });

  it('are refused when they do not exist, lie outside, or are a directory', async () => {
    const framework = await cluster.subscribe();
    const { agent, path } = await write(framework, 'true', 'TASK_FINISHED');
    const browse = (name: string) => send(`${agent}/files/browse?path=${encodeURIComponent(name)}`);
    expect((await browse(`${path}/nope`)).status).toBe(404);
    expect((await browse('/etc')).status).toBe(404);
    expect((await browse(`${path}/../..`)).status).toBe(400);
    expect((await send(`${agent}/files/browse`)).status).toBe(400);
    expect((await readFile(agent, path)).status).toBe(400);
    expect((await readFile(agent, `${path}/nope`)).status).toBe(404);
  });

  it("are read by the agent's v1 API, with the size", async () => {
    const framework = await cluster.subscribe();
    const { agent, path } = await write(framework, 'printf "\\303\\244\\377\\n"', 'TASK_FINISHED');
    const call = async (body: object) => {
      const headers = { 'content-type': 'application/json', accept: 'application/json' };
      return send(`${agent}/api/v1`, { method: 'POST', headers, body: JSON.stringify(body) });
    };
    const size = (await readFile(agent, `${path}/stdout`, '')).offset as number;
    const read = await call({ type: 'READ_FILE', read_file: { path: `${path}/stdout`, offset: size - 4, length: 10 } });
    expect(JSON.parse(read.text)).toEqual({
      type: 'READ_FILE',
      read_file: { size, data: Buffer.from([0xc3, 0xa4, 0xff, 0x0a]).toString('base64') },
    });
    const list = await call({ type: 'LIST_FILES', list_files: { path } });
    const names = (JSON.parse(list.text) as { list_files: { file_infos: { path: string }[] } }).list_files.file_infos;
    expect(names.map((entry) => entry.path)).toEqual(expect.arrayContaining([`${path}/stderr`, `${path}/stdout`]));
    const missing = await call({ type: 'READ_FILE', read_file: { path: `${path}/nope`, offset: 0 } });
    expect(missing.status).toBe(404);
  });

  it("lie in the directory that the agent's /state names", async () => {
    const framework = await cluster.subscribe();
    const { agent } = await write(framework, 'echo here; sleep 60', 'TASK_RUNNING');
    const { text } = await send(`${agent}/state`);
    const state = JSON.parse(text) as { frameworks: { id: string; executors: { id: string; directory: string }[] }[] };
    const executors = state.frameworks.find(({ id }) => id === framework.id)?.executors;
    const directory = executors?.find(({ id }) => id === 'writes')?.directory;
    const deadline = Date.now() + 60_000;
    let data = '';
    while (!data.includes('here\n') && Date.now() < deadline)
      data = (await readFile(agent, `${directory}/stdout`)).data;
    expect(data).toContain('here\n');
  });
});
