import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../../validation/report/model.ts';
import type { RunRecord } from '../../../validation/runs/store/record.ts';
import { Relval } from '../../e2e/relval.ts';
import { report } from '../notify/occasion.ts';

const SECRET = 'T0/B0/verysecret';
let relval: Relval;
let server: Server;
let got: { url: string; body: Record<string, unknown> }[] = [];
let answer = 200;

beforeAll(async () => {
  relval = new Relval();
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      got.push({ url: request.url ?? '', body: JSON.parse(body) });
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  writeFileSync(join(relval.dir, 'url'), `${url}/${SECRET}\n`);
  writeFileSync(
    join(relval.dir, 'relval.yaml'),
    `serve:
  publicUrl: https://relval.example.org
notify:
  channels:
    - type: mattermost
      urlFile: url
      onlyOnChange: true
    - type: jira
      url: ${url}/jira
      tokenEnv: TEST_JIRA_TOKEN
      events: [started, finished]
      watchers: [alice]
    - type: email
      name: shift
      from: relval@example.org
      to: [shift@example.org]
      host: 127.0.0.1
      verdicts: [broken]
`,
  );
  madeRun('20290614', report({ reason: 'the day before', findings: [] }));
  madeRun('20290615', report());
});
beforeEach(() => {
  got = [];
  answer = 200;
});
afterAll(async () => {
  relval.remove();
  await new Promise((resolve) => server.close(resolve));
});

/** A run as it lies there when it is over. */
function madeRun(day: string, what: Report): void {
  const id = `nightly-${day}-080000`;
  const dir = join(relval.runs, id);
  mkdirSync(join(dir, 'report'), { recursive: true });
  const created = Date.parse(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T08:00:00Z`);
  const record: RunRecord = {
    schema: 'relval-run-1',
    id,
    name: 'nightly',
    workflow: 'mc',
    request: { input: 'x.jdl', set: [], setAppend: [], lenient: false, local: true, jira: 'REL-1' },
    state: 'ended',
    verdict: what.verdict,
    reason: what.reason,
    process: { pid: 1, start: '0', host: 'elsewhere' },
    project: `relval-${id}`,
    created,
    ended: created + 95_000,
    totals: { steps: 9, succeeded: 8, failed: 1, broken: 0, running: 0 },
  };
  writeFileSync(join(dir, 'run.json'), JSON.stringify(record));
  writeFileSync(join(dir, 'report', 'report.json'), JSON.stringify({ ...what, run: id }));
}

function events(): { channel: string; outcome: string }[] {
  const text = readFileSync(join(relval.runs, 'nightly-20290615-080000', 'events.ndjson'), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('relval notify', () => {
  it('--dry-run shows exactly what would be sent, without secrets, and sends nothing', async () => {
    const { code, stdout } = await relval.run('notify', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain(`== mattermost\nPOST: <from ${join(relval.dir, 'url')}>\n`);
    expect(stdout).toContain('"text": "**FAILED** nightly');
    expect(stdout).toMatch(/^POST: http:\/\/127\.0\.0\.1:\d+\/jira\/rest\/api\/2\/issue\/REL-1\/comment$/m);
    expect(stdout).toContain('authorization: Bearer <from $TEST_JIRA_TOKEN>');
    expect(stdout).toContain('== shift: no message: it gets no message when a run has failed\n');
    expect(stdout).not.toContain(SECRET);
    expect(got).toEqual([]);
  });

  it('--event started, --force and --channel', async () => {
    const started = await relval.run('notify', '-n', '--event', 'started', '--jira', 'REL-99');
    expect(started.stdout).toMatch(/issue\/REL-99\/watchers$/m);
    expect(started.stdout).toContain('== mattermost: no message: it gets no message when a run has started');
    const forced = await relval.run('notify', '-n', '--force', '--channel', 'shift');
    expect(forced.stdout).toMatch(
      /^== shift\nSMTP: 127\.0\.0\.1:25, starttls\nFrom: relval@example\.org\nTo: shift@example\.org\nSubject: \[relval\] nightly FAILED/,
    );
    expect((await relval.run('notify', '--channel', 'nobody')).code).toBe(2);
    expect((await relval.run('notify', '--jira', '../x')).code).toBe(2);
  });

  it('sends, and writes down what came of it', async () => {
    const { code, stdout } = await relval.run('notify', '--channel', 'mattermost');
    expect({ code, stdout }).toEqual({ code: 0, stdout: '✓  mattermost  sent\n' });
    expect(got).toEqual([{ url: `/${SECRET}`, body: { text: expect.stringContaining('open the run') } }]);
    expect(events().at(-1)).toMatchObject({
      type: 'notified',
      channel: 'mattermost',
      event: 'finished',
      outcome: 'sent',
      attempts: 1,
    });
  });

  it('ends with 3 when somebody could not be told, and no secret is in what it says', async () => {
    answer = 403;
    const { code, stdout } = await relval.run('notify', '--json');
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toEqual([
      { channel: 'mattermost', outcome: 'failed', attempts: 1, message: 'HTTP 403' },
      { channel: 'jira', outcome: 'failed', attempts: 1, message: '$TEST_JIRA_TOKEN contains no secret' },
    ]);
    expect(JSON.stringify(events())).not.toContain(SECRET);
  });

  it('says nothing new twice where only changes are wanted', async () => {
    madeRun('20290616', report());
    const { stdout } = await relval.run('notify', '-n', '--channel', 'mattermost');
    expect(stdout).toBe('== mattermost: no message: nothing has changed since nightly-20290615-080000\n');
  });
});
