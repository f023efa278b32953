import { describe, expect, it } from 'vitest';
import { clientAddress, Places } from '../../../validation/server/places.ts';

describe('Places', () => {
  it('gives one address some, all together no more than there are, and takes each back', () => {
    const places = new Places(3, 2);
    const first = places.take('a');
    places.take('a');
    expect(places.take('a')).toBe('address');
    places.take('b');
    expect(places.take('c')).toBe('all');
    if (typeof first !== 'function') throw new Error('it got none');
    first();
    expect(places.take('c')).toBeTypeOf('function');
    expect(places.take('a')).toBe('all');
  });
});

describe('clientAddress', () => {
  it.each([
    ['::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['127.0.0.1', undefined, '127.0.0.1'],
    ['127.0.0.1', '10.0.0.1, 192.0.2.9', '192.0.2.9'],
    ['::1', '2001:db8::1', '2001:db8::1'],
    ['::ffff:127.0.0.1', '192.0.2.9', '192.0.2.9'],
    ['127.0.0.1', ' ', '127.0.0.1'],
    // A client on another machine is not the server's proxy.
    ['192.0.2.1', '192.0.2.9', '192.0.2.1'],
    [undefined, undefined, ''],
  ])('of %s with X-Forwarded-For %s is %s', (remote, forwarded, address) => {
    expect(clientAddress(remote, { 'x-forwarded-for': forwarded })).toBe(address);
  });
});
