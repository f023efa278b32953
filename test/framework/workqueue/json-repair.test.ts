import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repairJson } from '../../../framework/workqueue/json-repair.ts';
import { recording } from './peers.ts';

/** Prints a string as cctools' jx_escape_string does: byte by byte, `'` escaped, bytes from 0x80 sign-extended. */
function cctoolsString(text: string): string {
  const named: Record<number, string> = { 8: '\\b', 9: '\\t', 10: '\\n', 12: '\\f', 13: '\\r' };
  const printed = [...Buffer.from(text, 'utf8')].map((byte) => {
    const char = String.fromCharCode(byte);
    if (`"\\'`.includes(char)) return `\\${char}`;
    if (byte >= 0x80) return `\\uffffff${byte.toString(16)}`;
    return named[byte] ?? (byte < 0x20 || byte === 0x7f ? `\\u${byte.toString(16).padStart(4, '0')}` : char);
  });
  return `"${printed.join('')}"`;
}

const words = fc.string({
  unit: fc.oneof(
    fc.constantFrom("'", '"', '\\', '\n', 'u', 'f', 'ffffff', 'c3', 'é', '☃', '💡'),
    fc.string({ unit: 'binary', maxLength: 1 }),
  ),
});

describe('repairJson', () => {
  it('reads the recorded answer that JSON.parse rejects', () => {
    const bytes = recording('task_status_invalid_json_single_quote.json');
    expect(() => JSON.parse(bytes.toString())).toThrow(SyntaxError);
    const [task] = JSON.parse(repairJson(bytes)) as { command: string }[];
    expect(task?.command).toBe(`echo 'single' "double" back\\\\slash é\ttab\nsecond line > a.txt`);
  });

  it('gives back every text that cctools can print', () => {
    fc.assert(
      fc.property(words, (text) => {
        const wellFormed = Buffer.from(text, 'utf8').toString('utf8');
        expect(JSON.parse(repairJson(Buffer.from(`[${cctoolsString(text)}]`, 'latin1')))).toEqual([wellFormed]);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves proper JSON alone', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const json = JSON.stringify(value);
        expect(repairJson(Buffer.from(json, 'utf8'))).toBe(json);
      }),
    );
  });

  it('never takes the second half of an escaped backslash for the start of an escape', () => {
    expect(repairJson(Buffer.from(String.raw`"\\'"`))).toBe(String.raw`"\\'"`);
    expect(repairJson(Buffer.from(String.raw`"\\uffffffc3"`))).toBe(String.raw`"\\uffffffc3"`);
  });

  it('shows bytes that are not UTF-8 as replacement characters', () => {
    expect(JSON.parse(repairJson(Buffer.from(String.raw`"a\uffffffffb"`)))).toBe('a\ufffdb');
  });
});
