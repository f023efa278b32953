import { describe, expect, it, vi } from 'vitest';
import { bounded, Starved, TooSlow } from '../../../validation/input/bounded.ts';
import { pythonSub } from '../../../validation/jdl/pythonsub.ts';

/** More ways to match than can ever be tried. */
const EVIL = '^(a+)+$';
const TEXT = `${'a'.repeat(60)}b`;

describe('work with regular expressions of users', () => {
  it('gives what it gives, and throws what it throws', () => {
    expect(bounded(() => bounded(() => /a/.test('cab')))).toBe(true);
    expect(() => bounded(() => JSON.parse('{'))).toThrow(SyntaxError);
  });

  it('is ended when it takes too long', () => {
    expect(() => bounded(() => new RegExp(EVIL).test(TEXT))).toThrow(TooSlow);
    // Look-around and references have no engine that is linear.
    expect(() => bounded(() => /^(?=(a+))(?:\1|a|aa)+$/.test(TEXT))).toThrow(TooSlow);
    expect(bounded(() => 1)).toBe(1);
  });

  it('is begun again when the machine had no time for it', () => {
    const usage = vi.spyOn(process, 'cpuUsage').mockReturnValue({ user: 0, system: 0 });
    try {
      expect(() => bounded(() => new RegExp(EVIL).test(TEXT), false)).toThrow(Starved);
      let calls = 0;
      expect(bounded(() => (++calls < 2 ? new RegExp(EVIL).test(TEXT) : 'done'))).toBe('done');
    } finally {
      usage.mockRestore();
    }
  });

  it('in a JDL is told as a mistake of its expression', () => {
    expect(() => pythonSub(EVIL, 'x', TEXT)).toThrow(/"\^\(a\+\)\+\$" takes too long/);
  });
});
