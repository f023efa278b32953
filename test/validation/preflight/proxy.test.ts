import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkProxy, defaultProxy, readProxy } from '../../../validation/preflight/proxy.ts';

const DAY = 86_400_000;
let directory: tmp.DirResult;
const path = (name: string) => join(directory.name, name);
const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory.name, stdio: 'pipe' });

/** A self-signed certificate and its key, as `NAME.crt` and `NAME.key`. */
function certificate(name: string, days: number): void {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    `/CN=${name}`,
    '-days',
    String(days),
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.crt`,
  );
}

function proxy(name: string, ...parts: string[]): string {
  writeFileSync(path(name), parts.map((part) => readFileSync(path(part), 'utf8')).join(''), { mode: 0o600 });
  return path(name);
}

beforeAll(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  certificate('long', 30);
  certificate('short', 3);
  openssl('pkcs8', '-topk8', '-in', 'long.key', '-passout', 'pass:secret', '-out', 'encrypted.key');
});
afterAll(() => directory.removeCallback());

const check = (file: string, days = 7, now = Date.now()) => checkProxy(readProxy(file), now, days);

describe('a proxy certificate', () => {
  it('that is valid for long enough will do', () => {
    expect(check(proxy('good', 'long.crt', 'long.key'))).toMatchObject({
      state: 'ok',
      found: expect.stringContaining('is valid until'),
    });
  });

  it('that expires soon is refused, unless fewer days are wanted', () => {
    const soon = proxy('soon', 'short.crt', 'short.key');
    expect(check(soon)).toMatchObject({
      state: 'failed',
      found: expect.stringMatching(/valid for (71|72) h .* 7 days are required/),
      advice: expect.stringContaining('--proxy-days 2'),
    });
    expect(check(soon, 2)).toMatchObject({ state: 'ok' });
  });

  it('that has expired, or is not valid yet, is refused', () => {
    const good = proxy('good', 'long.crt', 'long.key');
    expect(check(good, 7, Date.now() + 31 * DAY)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('expired at'),
    });
    expect(check(good, 7, Date.now() - DAY)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('is not valid before'),
    });
  });

  it('is as good as the certificate of its chain that expires first', () => {
    expect(check(proxy('chain', 'long.crt', 'long.key', 'short.crt'))).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('7 days'),
    });
  });

  it.each([
    ['without a key', ['long.crt'], /no private key/],
    ['with an encrypted key', ['long.crt', 'encrypted.key'], /encrypted key/],
    ['with the key of another', ['long.crt', 'short.key'], /does not belong to its certificate/],
    ['that is only a key', ['long.key'], /no certificate/],
  ])('%s is refused', (_what, parts, found) => {
    expect(check(proxy('bad', ...parts))).toMatchObject({ state: 'failed', found: expect.stringMatching(found) });
  });

  it('that is damaged is refused', () => {
    const text = readFileSync(path('long.crt'), 'utf8');
    writeFileSync(path('garbage'), text.replace(/^(.{60})....(.*)$/ms, '$1\n!!!!\n$2'));
    expect(check(path('garbage'))).toMatchObject({
      state: 'failed',
      found: expect.stringMatching(/damaged|no certificate/),
    });
    writeFileSync(path('garbage'), text.slice(0, 200));
    expect(check(path('garbage'))).toMatchObject({ state: 'failed' });
    writeFileSync(path('garbage'), text + readFileSync(path('long.key'), 'utf8').replace(/\n.{30}/, '\nAAAA'), {
      mode: 0o600,
    });
    expect(check(path('garbage'))).toMatchObject({ state: 'failed', found: expect.stringContaining('damaged') });
  });

  it('that others can read, or that is not there, is refused', () => {
    const good = proxy('open', 'long.crt', 'long.key');
    chmodSync(good, 0o644);
    expect(check(good)).toMatchObject({
      state: 'failed',
      found: expect.stringContaining('mode 644'),
      advice: `chmod 600 ${good}`,
    });
    expect(check(path('nowhere'))).toMatchObject({ state: 'failed', found: expect.stringContaining('does not exist') });
    expect(check(directory.name)).toMatchObject({ state: 'failed', found: expect.stringContaining('cannot be read') });
  });

  it('is where the tools of the Grid look', () => {
    expect(defaultProxy({ X509_USER_PROXY: '/secrets/eos-proxy' }, 1)).toBe('/secrets/eos-proxy');
    expect(defaultProxy({}, 1042)).toBe('/tmp/x509up_u1042');
  });
});
