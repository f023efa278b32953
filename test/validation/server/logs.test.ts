import { appendFileSync, linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunJournal } from '../../../validation/runs/store/journal.ts';
import type { RunDir } from '../../../validation/runs/store/store.ts';
import type { FollowMessage, LogLines, LogSearch } from '../../../validation/server/api.ts';
import { wholeCharacters } from '../../../validation/server/follow.ts';
import { makeRunningStep, TASK, writeLog } from './sample-runs.ts';
import { Serving, until } from './serving.ts';

const LOG = '/api/v1/runs/live/steps/sim0001/log';

let serving: Serving;
let run: RunDir;
let journal: RunJournal;
beforeEach(async () => {
  serving = new Serving();
  ({ run, journal } = makeRunningStep(serving.runs));
  await serving.start();
});
afterEach(() => serving.close());

const end = (): void =>
  journal.add({ type: 'step-ended', step: 'sim0001', attempt: 1, state: 'succeeded', retried: false, ...TASK });
/** Used memory in bytes after a garbage collection, because the time of a collection is chance. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const lines = (query: string) => serving.api<LogLines>(`runs/live/steps/sim0001/log?${query}`);
const search = (query: string) => serving.api<LogSearch>(`runs/live/steps/sim0001/log/search?${query}`);

describe('bytes of a log', () => {
  it('are given whole, by Range, by offset and limit, and not again when they are known', async () => {
    writeLog(run, 'sim0001', 1, 'stdout.log', '0123456789\n');
    writeLog(run, 'sim0001', 1, 'logs/rec.log', 'rec\n');
    const whole = await serving.raw(LOG);
    expect(whole).toMatchObject({ status: 200, body: '0123456789\n' });
    expect(whole.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      'content-length': '11',
    });
    const ranges: [range: string, status: number, body: string, part?: string][] = [
      ['bytes=2-4', 206, '234', 'bytes 2-4/11'],
      ['bytes=8-', 206, '89\n', 'bytes 8-10/11'],
      ['bytes=-3', 206, '89\n', 'bytes 8-10/11'],
      ['bytes=-99', 206, '0123456789\n', 'bytes 0-10/11'],
      ['bytes=11-', 416, '{"error":{"message":"the file has only 11 bytes"}}', 'bytes */11'],
      ['bytes=5-2', 200, '0123456789\n'],
      ['bytes=0-1,4-5', 200, '0123456789\n'],
      ['lines=1-2', 200, '0123456789\n'],
    ];
    for (const [range, status, body, part] of ranges) {
      const answer = await serving.raw(LOG, { range });
      expect([range, answer.status, answer.body, answer.headers['content-range']]).toEqual([range, status, body, part]);
    }
    expect((await serving.raw(`${LOG}?offset=3&limit=2`)).body).toBe('34');
    expect((await serving.raw(`${LOG}?offset=99`)).body).toBe('');
    expect((await serving.raw(`${LOG}?stream=logs/rec.log`)).body).toBe('rec\n');
    expect((await serving.raw('/api/v1/runs/live/steps/sim0001/1/logs/rec.log')).body).toBe('rec\n');
    expect((await serving.raw(LOG, { 'if-none-match': String(whole.headers.etag) })).status).toBe(304);
    const stale = { range: 'bytes=2-4', 'if-range': '"other"' };
    expect((await serving.raw(LOG, stale)).status).toBe(200);
    const file = await serving.raw(`${LOG}?download=1`);
    expect(file.headers['content-disposition']).toBe('attachment; filename="live-sim0001-1-stdout.log"');
    expect((await serving.raw(LOG, {}, 'HEAD')).headers['content-length']).toBe('11');
  });
});

describe('lines of a log', () => {
  it('are given from the beginning, from the middle and from the end, as the log grows', async () => {
    const text = Array.from({ length: 50_000 }, (_, n) => `line ${n + 1} ${'x'.repeat(n % 80)}\n`).join('');
    const path = writeLog(run, 'sim0001', 1, 'stdout.log', text);
    expect(await lines('line=1&lines=2')).toMatchObject({
      from: 1,
      lines: ['line 1 ', 'line 2 x'],
      total: 50_000,
      complete: false,
    });
    const middle = await lines('line=31234&lines=1');
    expect(middle.lines[0]).toMatch(/^line 31234 /);
    expect(text.slice(0, middle.next)).toMatch(/line 31234 x*\n$/);
    const tail = await lines('line=-3&lines=10');
    expect(tail).toMatchObject({ from: 49_998, next: text.length, size: text.length });
    expect(tail.lines.map((line) => line.slice(0, 11))).toEqual(['line 49998 ', 'line 49999 ', 'line 50000 ']);
    appendFileSync(path, 'more\r\nunfinished');
    expect(await lines('line=-2&lines=2')).toMatchObject({
      from: 50_001,
      lines: ['more', 'unfinished'],
      total: 50_002,
    });
    expect(await lines('line=50002')).toMatchObject({ from: 50_002, lines: ['unfinished'] });
    expect(await lines('line=60000')).toMatchObject({ lines: [], total: 50_002 });
    end();
    expect((await lines('line=1&lines=1')).complete).toBe(true);
  });

  it('every line that there is can be had, whatever the file looks like', async () => {
    for (const [at, text] of [
      '',
      '\n',
      'a',
      'a\n',
      '\n\n',
      'a\n\nb',
      `${'é'.repeat(200_000)}\n${'ß\n'.repeat(300_000)}`,
    ].entries()) {
      writeLog(run, 'sim0001', 1, `logs/${at}`, text);
      const linesOf = (query: string) => lines(`${query}&stream=logs/${at}`);
      const expected = text === '' ? [] : text.replace(/\n$/, '').split('\n');
      const whole = await linesOf('line=1&lines=1');
      expect(whole.total).toBe(expected.length);
      for (const n of new Set([1, 2, 3, expected.length >> 1, expected.length])) {
        if (n < 1 || n > expected.length) continue;
        const [line] = (await linesOf(`line=${n}&lines=1`)).lines;
        if ((expected[n - 1]?.length ?? 0) < 1000) expect([n, line]).toEqual([n, expected[n - 1]]);
      }
      const tail = await linesOf('line=-5&lines=5');
      if (!text.startsWith('é')) expect(tail.lines).toEqual(expected.slice(-5));
      expect(tail.from).toBe(Math.max(1, expected.length - 4));
    }
  });

  it('that are too long are cut between two characters, and the answer is cut when it is too long', async () => {
    writeLog(run, 'sim0001', 1, 'stdout.log', `x${'é'.repeat(50_000)}\nshort\n`);
    const [long, short] = (await lines('line=1')).lines;
    expect(long).toMatch(/^xé+ … \[34466 more bytes in this line\]$/);
    expect(short).toBe('short');
    writeLog(run, 'sim0001', 1, 'stderr.log', `${'y'.repeat(60_000)}\n`.repeat(200));
    const first = await lines('line=1&lines=200&stream=stderr');
    expect(first.lines.length).toBeLessThan(80);
    expect(first.next).toBe(first.lines.length * 60_001);
  });

  it('are counted anew when the log was replaced', async () => {
    const path = writeLog(run, 'sim0001', 1, 'stdout.log', 'a\nb\nc\n');
    expect((await lines('line=3')).lines).toEqual(['c']);
    writeFileSync(`${path}.new`, 'one long line in the place of them\nz\nz\nz\n');
    renameSync(`${path}.new`, path);
    expect(await lines('line=2')).toMatchObject({ lines: ['z', 'z', 'z'], total: 4 });
  });
});

describe('searching a log', () => {
  it('finds words and expressions, with the number, the column and the text of each line', async () => {
    const text = ['first', 'an Error here, error there', 'Grüße, Fehler\r', 'E-AliFoo: bad'].join('\n');
    writeLog(run, 'sim0001', 1, 'stdout.log', text);
    expect(await search('q=error')).toEqual({
      matches: [{ line: 2, column: 4, length: 5, text: 'an Error here, error there', start: 1 }],
    });
    expect((await search('q=error&case=1')).matches).toMatchObject([{ line: 2, column: 16 }]);
    expect((await search('q=Fehler&case=1')).matches).toMatchObject([{ line: 3, column: 8, text: 'Grüße, Fehler' }]);
    expect((await search('q=GRÜSSE')).matches).toEqual([]);
    expect((await search(`q=${encodeURIComponent('^E-\\w+:|Fehler$')}&regex=1`)).matches).toMatchObject([
      { line: 3, column: 8, length: 6 },
      { line: 4, column: 1, length: 9 },
    ]);
    expect((await search('q=a.*b&case=1')).matches).toEqual([]);
  });

  it('goes on where it stopped, and agrees with reading it all', async () => {
    const all = Array.from({ length: 60_000 }, (_, n) =>
      n % 997 === 3 ? `match ${n}` : `nothing ${'-'.repeat(n % 90)}`,
    );
    writeLog(run, 'sim0001', 1, 'stdout.log', `${all.join('\n')}\n`);
    const expected = all.flatMap((line, n) => (line.startsWith('match') ? [n + 1] : []));
    for (const how of ['q=match&case=1', 'q=MATCH', 'q=%5Emat.h&regex=1']) {
      const found: number[] = [];
      for (let after: number | undefined = 0; after !== undefined; ) {
        const part: LogSearch = await search(`${how}&limit=25&after=${after}`);
        found.push(...part.matches.map(({ line }) => line));
        after = part.next;
      }
      expect(found).toEqual(expected);
    }
  });

  it('reports an invalid or endless expression, and serves others in the meantime', async () => {
    writeLog(run, 'sim0001', 1, 'stdout.log', `${'a'.repeat(60)}!\nfind me\n`);
    const get = (query: string) => serving.get(`${LOG}/search?${query}`);
    const bad = await get('q=(&regex=1');
    expect([bad.status, await bad.text()]).toEqual([400, expect.stringContaining('Unterminated group')]);
    const endless = get(`q=${encodeURIComponent('^(a+)+$')}&regex=1`);
    expect((await search('q=find')).matches).toMatchObject([{ line: 2 }]);
    const answer = await endless;
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining('takes too long')]);
    expect((await search('q=find')).matches).toHaveLength(1);
  });

  it('is given up when the client goes, so that the next ones get their turn', async () => {
    writeLog(run, 'sim0001', 1, 'stdout.log', `${'a'.repeat(60)}!\nfind me\n`);
    const gone = new AbortController();
    const endless = Array.from({ length: 30 }, () =>
      serving.get(`${LOG}/search?q=${encodeURIComponent('^(a+)+$')}&regex=1`, { signal: gone.signal }),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    gone.abort();
    await Promise.allSettled(endless);
    // Without the limit they would take 75 s.
    const found = await Promise.race([
      search('q=find'),
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 60_000)),
    ]);
    expect(found?.matches).toHaveLength(1);
  });
});

describe('following a log', () => {
  const text = (said: FollowMessage[]) => said.map((one) => (one.type === 'data' ? one.text : '')).join('');
  const follow = (query = '') => serving.socket<FollowMessage>(`runs/live/steps/sim0001/log/follow?${query}`);

  it('sends existing bytes, new bytes and the end, and never cuts characters', async () => {
    const { said, closed } = follow();
    const path = writeLog(run, 'sim0001', 1, 'stdout.log', 'one\n');
    await until('the first line', () => text(said) === 'one\n');
    const bytes = Buffer.from('zwölf €\n');
    for (const byte of bytes) {
      appendFileSync(path, Buffer.from([byte]));
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    end();
    expect(await closed).toBe(1000);
    expect(text(said)).toBe('one\nzwölf €\n');
    expect(said.at(-1)).toEqual({ type: 'end', size: 4 + bytes.length });
    let next = 0;
    for (const one of said) {
      if (one.type !== 'data') continue;
      expect(one.offset).toBe(next);
      next = one.next;
    }
  });

  it('goes on from where a lost connection was', async () => {
    const path = writeLog(run, 'sim0001', 1, 'stdout.log', 'one\ntwo\n');
    const first = follow();
    const seen = await until('data', () => first.said.find((one) => one.type === 'data'));
    first.socket.terminate();
    appendFileSync(path, 'three\n');
    const second = follow(`offset=${seen.type === 'data' ? seen.next : 0}`);
    end();
    await second.closed;
    expect(text(second.said)).toBe('three\n');
  });

  it('sends nothing if the log is replaced by the same one, else the part that differs', async () => {
    const path = writeLog(run, 'sim0001', 1, 'stdout.log', 'one\ntwo\n');
    const { said, closed } = follow();
    await until('the first lines', () => text(said) === 'one\ntwo\n');
    writeFileSync(`${path}.new`, 'one\ntwo\nthree\n');
    renameSync(`${path}.new`, path);
    await until('the third', () => text(said) === 'one\ntwo\nthree\n');
    expect(said.some(({ type }) => type === 'reset')).toBe(false);
    // The final log arrives in this way: the old file is removed, and the new one is linked.
    writeFileSync(join(serving.dir, 'final'), 'one\n[left out]\n');
    rmSync(path);
    linkSync(join(serving.dir, 'final'), path);
    end();
    await closed;
    expect(said.filter(({ type }) => type !== 'data')).toEqual([
      { type: 'reset', offset: 4 },
      { type: 'end', size: 15 },
    ]);
    expect(said.at(-2)).toMatchObject({ type: 'data', offset: 4, text: '[left out]\n' });
  });

  it('waits for a client that does not read, without keeping the log in memory', async () => {
    const block = Buffer.alloc(1 << 20, `${'x'.repeat(99)}\n`);
    const path = writeLog(run, 'sim0001', 1, 'stdout.log', '');
    for (let n = 0; n < 64; n++) appendFileSync(path, block);
    end();
    const { socket, said, closed } = follow();
    await until('the first data', () => said.length > 0);
    socket.pause();
    const before = memoryInUse();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(memoryInUse() - before).toBeLessThan(24 * 2 ** 20);
    socket.resume();
    expect(await closed).toBe(1000);
    expect(said.at(-1)).toEqual({ type: 'end', size: 64 << 20 });
    expect(said.reduce((sum, one) => sum + (one.type === 'data' ? one.text.length : 0), 0)).toBe(64 << 20);
  });

  it('is ended in order when the server stops, and loses nothing when it comes back', async () => {
    const path = writeLog(run, 'sim0001', 1, 'stdout.log', 'one\n');
    const first = follow();
    await until('the first line', () => text(first.said) === 'one\n');
    await serving.stop();
    expect(await first.closed).toBe(1001);
    appendFileSync(path, 'two\n');
    await serving.start();
    const second = follow('offset=4');
    end();
    await second.closed;
    expect(text(second.said)).toBe('two\n');
  });

  it('holds back only incomplete characters', () => {
    const euro = Buffer.from('a€');
    expect([1, 2, 3, 4].map((n) => wholeCharacters(euro.subarray(0, n)))).toEqual([1, 1, 1, 4]);
    expect(wholeCharacters(Buffer.from([0x80, 0x80, 0x80, 0x80]))).toBe(4);
    expect(wholeCharacters(Buffer.from('😀').subarray(0, 3))).toBe(0);
    expect(wholeCharacters(Buffer.alloc(0))).toBe(0);
  });
});
