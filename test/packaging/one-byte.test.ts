import { describe, expect, it } from 'vitest';
import { escaped } from '../../packaging/one-byte.ts';

/** What a program's text evaluates to. */
const value = (code: string): unknown => new Function(`return ${code}`)();

describe('letters in the bundles', () => {
  it.each([
    '"a … b ’ ü × ·"',
    '`… 😀`',
    String.raw`"\\… \… \n \\"`,
    String.raw`"…".replace(/[’-…\—]/, "’")`,
    '"😀".replace(/[😀]/u, "😁")',
    '({ "…": 1 })["…"]',
  ])('are one byte each, and mean the same: %s', (code) => {
    const text = escaped(code);
    expect(text).not.toMatch(/[^\0-\xff]/);
    expect(value(text)).toEqual(value(code));
  });

  it('stay where they are one byte already', () => {
    expect(escaped('"ü" + /\\d/')).toBe('"ü" + /\\d/');
  });
});
