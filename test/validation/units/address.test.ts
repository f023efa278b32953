import { expect, it } from 'vitest';
import { formatHostPort, parseHostPort } from '../../../validation/units/address.ts';

it('reads HOST:PORT, with an IPv6 address in brackets', () => {
  expect(parseHostPort('catalog.example.org:9097')).toEqual({ host: 'catalog.example.org', port: 9097 });
  expect(parseHostPort('[::1]:80')).toEqual({ host: '::1', port: 80 });
  expect(parseHostPort('h:0', 0)).toEqual({ host: 'h', port: 0 });
});

it.each([
  '',
  '-x:80',
  'host',
  'host:',
  ':80',
  'host:0',
  'host:65536',
  'host:80x',
  '::1:80',
  'a b:80',
  'http://h:80',
  '[h]:80',
])('refuses %j', (text) => expect(parseHostPort(text)).toBeUndefined());

it('writes what it has read', () => {
  for (const text of ['h:1', '[::1]:65535']) {
    const address = parseHostPort(text);
    expect(address && formatHostPort(address)).toBe(text);
  }
});
