import { describe, expect, it } from 'vitest';
import { type Asked, refusalOf, urlOf } from '../../../framework/http/guard.ts';

/** The status with which a request is refused; undefined when it is answered. */
function judged(headers: Asked['headers'], asked: Partial<Asked> = {}, names: ReadonlySet<string> | 'any' = new Set()) {
  const request = { method: 'GET', target: '/state', localAddress: '127.0.0.1', ...asked };
  return refusalOf({ ...request, headers: { host: '127.0.0.1:5050', ...headers } }, names)?.status;
}

describe('a request is answered or refused by its', () => {
  it.each([
    ['127.0.0.1:5050', undefined],
    ['LocalHost:1', undefined],
    ['[::1]:80', undefined],
    ['192.0.2.1:5050', 421],
    ['0.0.0.0', 421],
    ['127.0.0.2', 421],
    ['evil.example.org', 421],
    ['localhost.evil.example.org', 421],
    ['localhost@evil.example.org', 421],
    ['127.1', 421],
    ['2130706433', 421],
    ['', 421],
    [undefined, 421],
  ])('Host: %s', (host, status) => {
    expect(judged({ host })).toBe(status);
  });

  it('Host, which may be a name that was given, or the address that it came in at', () => {
    const names = new Set(['mesos1.example.org']);
    expect(judged({ host: 'MESOS1.example.org:80' }, {}, names)).toBeUndefined();
    expect(judged({ host: 'mesos2.example.org' }, {}, names)).toBe(421);
    expect(judged({ host: '192.0.2.1' }, { localAddress: '::ffff:192.0.2.1' })).toBeUndefined();
    expect(judged({ host: 'whatever.example.org' }, {}, 'any')).toBeUndefined();
    expect(judged({ host: undefined }, {}, 'any')).toBeUndefined();
  });

  it.each([
    ['http://127.0.0.1:5050', undefined],
    ['http://127.0.0.1:5051', 403],
    ['http://localhost:5050', 403],
    ['https://evil.example.org', 403],
    ['file://', 403],
    ['null', 403],
    ['', 403],
  ])('Origin: %s', (origin, status) => {
    expect(judged({ origin })).toBe(status);
    expect(judged({ origin }, { method: 'POST' }, 'any')).toBe(status);
  });

  it('Origin, which may be the public one of the server: a proxy may leave the port out of Host', () => {
    const headers = { host: 'mesos1.example.org', origin: 'https://mesos1.example.org:8443' };
    const asked = { method: 'POST', target: '/', localAddress: '127.0.0.1', headers };
    const names = new Set(['mesos1.example.org']);
    expect(refusalOf(asked, names, 'https://mesos1.example.org:8443')).toBeUndefined();
    expect(refusalOf(asked, names, 'https://mesos1.example.org')?.status).toBe(403);
    expect(refusalOf(asked, names)?.status).toBe(403);
  });

  it('Sec-Fetch-Site: other sites may link to it, and do nothing else', () => {
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect(judged(link)).toBeUndefined();
    expect(judged(link, { method: 'POST' })).toBe(403);
    expect(judged({ ...link, 'sec-fetch-mode': 'no-cors' })).toBe(403);
    expect(judged({ 'sec-fetch-site': 'same-site' })).toBe(403);
    const behindProxy = { 'sec-fetch-site': 'same-origin', origin: 'https://proxy.example.org' };
    expect(judged(behindProxy)).toBeUndefined();
    expect(judged(behindProxy, { method: 'POST' })).toBe(403);
    expect(judged({ ...behindProxy, host: 'evil.example.org' })).toBe(421);
  });

  it.each(['http://127.0.0.1:5050/state', 'evil.example.org:443', '*', '', undefined])('target: %s', (target) => {
    expect(judged({}, { target })).toBe(400);
  });
});

it('every target that begins with a slash has a path', () => {
  for (const target of ['/', '//', '//evil.example.org/state', '/\\', '/[', '/%', '/x@y:99999', '/?a=%']) {
    expect(urlOf(target).host).toBe('localhost');
  }
  expect(urlOf('//evil.example.org/state').pathname).toBe('//evil.example.org/state');
});
