import { describe, expect, it } from 'vitest';
import {
  baseName,
  isXrootd,
  placeAbove,
  placeBelow,
  splitParameters,
  xrootdParts,
} from '../../../validation/files/places.ts';

const ADDRESS = 'root://h:1094//a/b?svcClass=x/y&z=1,2';

describe('places', () => {
  it('are addresses by the schemes of xrdcp', () => {
    for (const scheme of ['root', 'roots', 'xroot', 'xroots']) expect(isXrootd(`${scheme}://h//a`), scheme).toBe(true);
    for (const other of ['http://h/a', '/root://h', 'aroot://h//a', 'root:a'])
      expect(isXrootd(other), other).toBe(false);
  });

  it.each([
    [ADDRESS, 'root://h:1094//a/b/c.root?svcClass=x/y&z=1,2'],
    ['root://h//a/', 'root://h//a/c.root'],
    ['root://h//a/?b', 'root://h//a/c.root?b'],
    ['/a/b?c', '/a/b?c/c.root'],
    ['/a//', '/a/c.root'],
    ['a', 'a/c.root'],
  ])('have what is below them before the parameters of an address: %s', (place, below) => {
    expect(placeBelow(place, 'c.root')).toBe(below);
  });

  it.each([
    [ADDRESS, 1, 'root://h:1094//a?svcClass=x/y&z=1,2'],
    [ADDRESS, 2, 'root://h:1094//?svcClass=x/y&z=1,2'],
    [ADDRESS, 5, 'root://h:1094//?svcClass=x/y&z=1,2'],
    ['root://h//a', 1, 'root://h//'],
    ['root://h//a/b', 0, 'root://h//a/b'],
    ['/a/b', 1, '/a'],
    ['/a//b', 1, '/a'],
    ['/a', 1, '/'],
    ['/a', 3, '/'],
    ['a/b', 1, 'a'],
    ['a', 1, '.'],
    ['/a/b?c/d', 1, '/a/b?c'],
  ])('have a directory above, in which parameters and servers are none: %s, %i', (place, levels, above) => {
    expect(placeAbove(place, levels)).toBe(above);
  });

  it('have a base name without the parameters of an address', () => {
    expect(baseName('root://h//a/b.root?svcClass=x/y')).toBe('b.root');
    expect(baseName('/a/b?c.root')).toBe('b?c.root');
    expect(baseName('b.root')).toBe('b.root');
  });

  it('are taken apart for xrdfs', () => {
    expect(xrootdParts(ADDRESS)).toEqual({
      server: 'root://h:1094/?svcClass=x/y&z=1,2',
      path: '/a/b',
      parameters: '?svcClass=x/y&z=1,2',
    });
    expect(xrootdParts('xroots://h//a')).toEqual({ server: 'xroots://h', path: '/a', parameters: '' });
    expect(splitParameters('/a?b')).toEqual({ path: '/a?b', parameters: '' });
  });
});
