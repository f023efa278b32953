import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunPage } from '../../../validation/server/api.ts';
import { endedRun, makeRun, writeLog } from './sample-runs.ts';
import { Serving } from './serving.ts';

const SECRET = 'what nobody may see';
const JDL = `Executable = "/alice/bin/aliroot_dpgsim.sh";
Split = "production:1-3";
Arguments = "--run 1";
OutputDir = "/out/#alien_counter#";
`;

let serving: Serving;
beforeAll(async () => {
  serving = new Serving();
  writeFileSync(`${serving.dir}/secret.jdl`, JDL.replace('"/out/', `"/${SECRET}/`));
  await endedRun(serving.runs, 'good', 'passed', []);
  await serving.start();
});
afterAll(() => serving.close());

/** An ended run with this JDL. @returns path of the JDL's copy */
async function withJdl(id: string, text: string): Promise<string> {
  const input = '/data/x.jdl';
  const run = await endedRun(serving.runs, id, 'passed', [], {
    request: { input, set: [], setAppend: [], lenient: false, local: true },
  });
  const copy = join(run.path, 'input', 'tree', input);
  mkdirSync(dirname(copy), { recursive: true });
  writeFileSync(copy, text);
  return copy;
}

async function graph(id: string): Promise<{ status: number; text: string }> {
  const answer = await serving.get(`/api/v1/runs/${id}/graph.svg`);
  return { status: answer.status, text: await answer.text() };
}

describe('a run whose directory is hostile', () => {
  it('does not block the exception for a finding: a pipe or a link in the place of its report or of its rules', async () => {
    const ask = async (id: string): Promise<number> => {
      const asked = { finding: 'f334696b4c8bfd3c', reason: 'known', owner: 'Ann', until: '2999-01-31' };
      const path = `/api/v1/runs/${id}/exception?${new URLSearchParams(asked)}`;
      return (await serving.get(path, { signal: AbortSignal.timeout(5000) })).status;
    };
    const spoils = {
      pipe: (path: string) => void execFileSync('mkfifo', [path]),
      linked: (path: string) => symlinkSync(join(serving.dir, 'secret.jdl'), path),
    };
    for (const [kind, spoil] of Object.entries(spoils)) {
      const report = await endedRun(serving.runs, `report-${kind}`, 'failed', []);
      rmSync(join(report.path, 'report', 'report.json'));
      spoil(join(report.path, 'report', 'report.json'));
      expect(await ask(`report-${kind}`)).toBe(404);
      const rules = await endedRun(serving.runs, `rules-${kind}`, 'failed', []);
      mkdirSync(join(rules.path, 'input', 'criteria', 'rules'), { recursive: true });
      spoil(join(rules.path, 'input', 'criteria', 'rules', '0-own.yaml'));
      expect(await ask(`rules-${kind}`)).toBe(400);
    }
    expect((await serving.get('/healthz')).status).toBe(200);
  });

  it('is drawn from its own files only', async () => {
    const copy = await withJdl('graph', JDL);
    expect(await graph('graph')).toMatchObject({ status: 200, text: expect.stringContaining('<svg') });
    for (const [id, spoil] of [
      ['linked', (path: string) => symlinkSync(join(serving.dir, 'secret.jdl'), path)],
      ['device', (path: string) => symlinkSync('/dev/zero', path)],
      ['pipe', (path: string) => void execFileSync('mkfifo', [path])],
      ['folder', (path: string) => mkdirSync(path)],
    ] as const) {
      const path = await withJdl(id, JDL);
      rmSync(path);
      spoil(path);
      const { status, text } = await graph(id);
      expect([id, status], text).toEqual([id, 409]);
      expect(text).not.toContain(SECRET);
      expect(text).toContain('no such file');
    }
    expect(copy).toContain('tree');
  });

  it('cannot find out whether a file is there outside of the run', async () => {
    const texts: string[] = [];
    for (const [id, target] of [
      ['there1', join(serving.dir, 'secret.jdl')],
      ['there0', join(serving.dir, 'nothing')],
    ] as const) {
      const text = JDL.replace('production:1-3', 'file');
      const copy = await withJdl(id, `${text}InputDataCollection = { "list.txt" };\nInputFile = { "LF:sent.cfg" };\n`);
      for (const name of ['list.txt', 'sent.cfg']) symlinkSync(target, join(dirname(copy), name));
      texts.push((await graph(id)).text.replaceAll(id, 'there'));
    }
    expect(texts[0]).toContain('no file list.txt');
    expect(texts[1]).toBe(texts[0]);
  });

  it('does not hold up the server with an expression that never ends, or a million steps', async () => {
    await withJdl('slow', `${JDL}X = "${'a'.repeat(60)}b";\nX_replace = { "^(a+)+$", "y" };\n`);
    await withJdl('large', JDL.replace('1-3', '1-999999'));
    const drawings = Promise.all([graph('slow'), graph('large')]);
    const begin = performance.now();
    let looks = 0;
    for (let over = false; !over; looks++) {
      over = await Promise.race([drawings.then(() => true), serving.get('/api/v1/runs/good').then(() => false)]);
    }
    // The server answers all the time: on average within a second, also on a busy machine.
    expect(looks).toBeGreaterThan((performance.now() - begin) / 1000);
    const [slow, large] = await drawings;
    expect(slow.status).toBe(409);
    expect(slow.text).toContain('takes too long');
    expect([422, 200]).toContain(large.status);
  });

  it('answers at once when a named pipe stands in the place of any file', async () => {
    const run = await endedRun(serving.runs, 'pipes', 'failed', []);
    writeLog(run, 'sim0001', 1, 'logs/rec.log', 'rec');
    const places = [
      'events.ndjson',
      'report/report.json',
      'steps/sim0001/1/stdout.log',
      'steps/sim0001/1/stdout.log.times',
      'steps/sim0001/1/logs/rec.log',
      'steps/sim0001/1/result.json',
      'local/framework-url',
    ];
    for (const place of places) {
      const path = join(run.path, place);
      rmSync(path, { force: true });
      mkdirSync(dirname(path), { recursive: true });
      execFileSync('mkfifo', [path]);
    }
    const step = ['', '/log', '/log/groups', '/log-diff?reference=pipes'].map((path) => `/steps/sim0001${path}`);
    for (const path of ['', '/steps', '/graph.svg', '/critical-path', '/timeline', '/report', ...step]) {
      expect((await serving.get(`/api/v1/runs/pipes${path}`)).status).toBeLessThan(500);
    }
    expect((await serving.get('/api/v1/cluster')).status).toBe(200);
    expect((await serving.get('/metrics')).status).toBe(200);
  });

  it('shows no names of a directory that a link leads to', async () => {
    const { run, journal } = makeRun(serving.runs, 'links');
    journal.add({ type: 'planned', phase: 0, steps: [{ id: 'sim0001', stage: 'sim' }] });
    mkdirSync(join(serving.dir, 'elsewhere', 'sim0001', '1', 'logs'), { recursive: true });
    writeFileSync(join(serving.dir, 'elsewhere', 'sim0001', '1', 'logs', 'hidden.log'), SECRET);
    symlinkSync(join(serving.dir, 'elsewhere'), join(run.path, 'steps'));
    const answer = await serving.get('/api/v1/runs/links/steps/sim0001');
    expect(answer.status).toBe(200);
    expect(await answer.text()).not.toContain('hidden');
  });

  it('is listed with its reason if its run.json is invalid, and the others are listed too', async () => {
    const odd = { late: '{"schema":"relval-run-1","created":1e15}', torn: '{', huge: ' '.repeat(5 * 2 ** 20) };
    for (const [id, text] of Object.entries(odd)) {
      mkdirSync(join(serving.runs, id));
      writeFileSync(join(serving.runs, id, 'run.json'), text);
    }
    mkdirSync(join(serving.runs, 'pipe-record'));
    execFileSync('mkfifo', [join(serving.runs, 'pipe-record', 'run.json')]);
    await serving.get('/api/v1/runs/torn');
    const { runs, unreadable = [] } = await serving.api<RunPage>('runs');
    expect(runs.map(({ id }) => id)).toContain('good');
    expect(unreadable.map(({ id }) => id).sort()).toEqual(['huge', 'late', 'pipe-record', 'torn']);
    expect(unreadable.find(({ id }) => id === 'torn')?.reason).toBe('run.json is no JSON');
  });
});

describe('one client with many searches', () => {
  it('waits for itself, and others are served', async () => {
    const run = await endedRun(serving.runs, 'searched', 'passed', []);
    writeLog(run, 'sim0001', 1, 'stdout.log', `${'a'.repeat(80)}b\n`.repeat(100));
    const search = (q: string, address: string) =>
      serving.raw(`/api/v1/runs/searched/steps/sim0001/log/search?regex=1&q=${encodeURIComponent(q)}`, {
        'x-forwarded-for': address,
      });
    const many = Array.from({ length: 40 }, () => search('^(a+)+$', '192.0.2.1').catch(() => undefined));
    // Wait until the first of them runs.
    const refused = await Promise.race(
      many.map(async (one) => ((await one)?.status === 429 ? one : new Promise(() => {}))),
    );
    expect(refused).toBeDefined();
    const other = await search('b$', '192.0.2.2');
    expect(other.status).toBe(200);
    expect(JSON.parse(other.body).matches).toHaveLength(100);
    await serving.stop();
    await Promise.allSettled(many);
  }, 120_000);
});
