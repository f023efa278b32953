import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MasterSpecError, parseMaster } from '../../../framework/mesos/leader.ts';
import { masterUrl } from '../../../framework/mesos/master-info.ts';
import { leaderNode } from '../../../framework/mesos/znode.ts';
import { fixture } from './fixtures.ts';
import { logTo } from './harness.ts';

const log = logTo([]);
const folder = mkdtempSync(join(tmpdir(), 'masters-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { signal } = new AbortController();
const first = async (spec: string, secure = false) => (await parseMaster(spec, { log, secure }).current(signal)).href;

describe('a master specification', () => {
  it('may be one host, by the default port if it names none', async () => {
    expect(await first('localhost:5050')).toBe('http://localhost:5050/');
    expect(await first(' master-1.example.org ')).toBe('http://master-1.example.org:5050/');
    expect(await first('10.0.0.1:80')).toBe('http://10.0.0.1/');
    expect(await first('[::1]')).toBe('http://[::1]:5050/');
    expect(await first('m:5050', true)).toBe('https://m:5050/');
  });

  it('may be a URL, with the path of a proxy', async () => {
    expect(await first('https://mesos.example.org/')).toBe('https://mesos.example.org/');
    expect(await first('http://proxy:8080/mesos', true)).toBe('http://proxy:8080/mesos');
  });

  it('may be a list, of which the next is asked when one fails, until one redirects to the leader', async () => {
    const locate = parseMaster('a:1, b:2,c:3', { log });
    const current = async () => (await locate.current(signal)).host;
    expect(await current()).toBe('a:1');
    expect(await current()).toBe('a:1');
    locate.failed(new URL('http://a:1/'));
    expect(await current()).toBe('b:2');
    locate.failed(new URL('http://a:1/'));
    expect(await current()).toBe('b:2');
    locate.redirected(new URL('http://x:9/'));
    expect(await current()).toBe('x:9');
    locate.failed(new URL('http://x:9/'));
    expect(await current()).toBe('b:2');
    locate.failed(new URL('http://b:2/'));
    locate.failed(new URL('http://c:3/'));
    expect(await current()).toBe('a:1');
    expect(`${locate}`).toBe('http://a:1/,http://b:2/,http://c:3/');
  });

  it('may be in a file, as Mesos’ own, which keeps a password from the process list', async () => {
    const file = join(folder, 'master');
    writeFileSync(file, 'a:1,b:2\n');
    expect(await first(`file://${file}`)).toBe('http://a:1/');
    writeFileSync(file, `file://${file}`);
    expect(() => parseMaster(`file://${file}`, { log })).toThrow(/names another file/);
    expect(() => parseMaster(`file://${folder}/none`, { log })).toThrow(/cannot read the master specification: ENOENT/);
  });

  it.each([
    '',
    'a:1,',
    'a:1,,b:2',
    'a b:1',
    '5050',
    'host:',
    'host:99999',
    'host:5050/path',
    '::1',
    'ftp://host:5050',
    'http://',
    'http://host:5050/?x=1',
    'zk:/host/mesos',
  ])('is refused when it is malformed: "%s"', (spec) => {
    expect(() => parseMaster(spec, { log })).toThrow(MasterSpecError);
  });

  it.each([
    ['zk://', /path of the masters is missing/],
    ['zk://host:2181', /path of the masters is missing/],
    ['zk://host:2181/', /path of the masters is missing/],
    ['zk:///mesos', /"" is not the HOST:PORT/],
    ['zk://a:2181,,b:2181/mesos', /"" is not the HOST:PORT/],
    ['zk://a:2181,b;2181/mesos', /"b;2181" is not the HOST:PORT/],
    ['zk://user@host:2181/mesos', /USER:PASSWORD is missing/],
    ['zk://host:2181//mesos', /path of the masters is missing/],
  ])('is refused when its ZooKeeper part is malformed: %s', (spec, reason) => {
    expect(() => parseMaster(spec, { log })).toThrow(reason);
  });

  it('shows no password in its errors', () => {
    for (const spec of ['zk://u:hunter2@h:2181', 'zk://u:hunter2@h;1/mesos', 'http://u:hunter2@h:1']) {
      expect(() => parseMaster(spec, { log })).toThrow(MasterSpecError);
      try {
        parseMaster(spec, { log });
      } catch (error) {
        expect(String(error)).not.toContain('hunter2');
      }
    }
  });
});

describe('the leader among the children of a ZooKeeper node', () => {
  it('is the json.info_ node with the lowest number; others do not count', () => {
    expect(leaderNode(['json.info_0000000002', 'json.info_0000000001'])).toBe('json.info_0000000001');
    expect(leaderNode(['json.info_0000000010', 'json.info_0000000009', 'log_replicas'])).toBe('json.info_0000000009');
    expect(leaderNode(['info_0000000001', '0000000000', 'log_replicas', 'json.info_'])).toBeUndefined();
    expect(leaderNode(['json.info_10000000000', 'json.info_9999999999'])).toBe('json.info_9999999999');
    expect(leaderNode([])).toBeUndefined();
  });

  it('is reached by its address; over TLS by its name', () => {
    const real = fixture('zookeeper', 'json.info_0000000001.json');
    expect(masterUrl(real, 'http').href).toBe('http://127.0.0.1:25071/');
    const info = (address: object) => Buffer.from(JSON.stringify({ address, ip: 16777343, port: 1 }));
    const both = info({ hostname: 'm1.example.org', ip: '10.0.0.1', port: 5050 });
    expect(masterUrl(both, 'http').href).toBe('http://10.0.0.1:5050/');
    expect(masterUrl(both, 'https').href).toBe('https://m1.example.org:5050/');
    expect(masterUrl(info({ hostname: 'm1', port: 5050 }), 'http').href).toBe('http://m1:5050/');
    expect(masterUrl(info({ ip: '::1', port: 5050 }), 'http').href).toBe('http://[::1]:5050/');
    for (const data of [info({ port: 5050 }), Buffer.from('{}'), Buffer.from('\x08\x01')]) {
      expect(() => masterUrl(data, 'http')).toThrow();
    }
  });
});
