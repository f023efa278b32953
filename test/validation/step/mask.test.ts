import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Masker, maskFile, masksOf } from '../../../validation/step/mask.ts';
import { Needles } from '../../../validation/step/needles.ts';

/** The rule, said plainly: a byte is masked when it belongs to any occurrence of any secret. */
function masked(text: string, secrets: readonly string[]): string {
  const bytes = Buffer.from(text);
  const out = Buffer.from(bytes);
  for (const secret of secrets.map((one) => Buffer.from(one))) {
    for (let at = 0; secret.length > 0 && at + secret.length <= bytes.length; at++) {
      if (bytes.subarray(at, at + secret.length).equals(secret)) out.fill('*', at, at + secret.length);
    }
  }
  return out.toString('latin1');
}

function streamed(chunks: readonly Buffer[], secrets: readonly string[]): string {
  const masker = new Masker(new Needles(secrets.map((secret) => Buffer.from(secret))));
  return Buffer.concat([...chunks.map((chunk) => masker.push(chunk).bytes), masker.end().bytes]).toString('latin1');
}

/** Few letters, so that secrets occur, overlap, and hold each other. */
const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 60 });
const secretList = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 7 }), { maxLength: 4 });

describe('masking a stream', () => {
  it('replaces every byte of every secret and no other, however the stream is cut', () => {
    fc.assert(
      fc.property(text, secretList, fc.array(fc.nat(130), { maxLength: 8 }), (whole, secrets, cuts) => {
        const bytes = Buffer.from(whole);
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, n) => bytes.subarray(at[n], end));
        expect(streamed(chunks, secrets)).toBe(masked(whole, secrets));
      }),
      { numRuns: 3000 },
    );
  });

  it('holds back only what may be the beginning of a secret', () => {
    const masker = new Masker(new Needles([Buffer.from('secret'), Buffer.from('token')]));
    expect(masker.push(Buffer.from('a line\n')).bytes.toString()).toBe('a line\n');
    expect(masker.push(Buffer.from('x tok')).bytes.toString()).toBe('x ');
    expect(masker.push(Buffer.from('yo')).bytes.toString()).toBe('tokyo');
    expect(masker.push(Buffer.from(' sec')).bytes.toString()).toBe(' ');
    expect(masker.push(Buffer.from('ret!')).bytes.toString()).toBe('******!');
  });

  it('passes a single held byte on when it is asked to, and masks the rest of the secret', () => {
    const masker = new Masker(new Needles([Buffer.from('secret'), Buffer.from('token')]));
    expect(masker.push(Buffer.from('attempt')).bytes.toString()).toBe('attemp');
    expect(masker.passSingle().toString()).toBe('t');
    expect(masker.passSingle().toString()).toBe('');
    expect(masker.push(Buffer.from('oken!')).bytes.toString()).toBe('****!');
    expect(masker.push(Buffer.from('a to')).bytes.toString()).toBe('a ');
    expect(masker.passSingle().toString()).toBe('');
    expect(masker.end().bytes.toString()).toBe('to');
  });

  it('changes no other byte by passing single ones on', () => {
    fc.assert(
      fc.property(text, secretList, fc.array(fc.nat(130), { maxLength: 8 }), (whole, secrets, cuts) => {
        const bytes = Buffer.from(whole);
        const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
        const masker = new Masker(new Needles(secrets.map((secret) => Buffer.from(secret))));
        const singles = new Set<number>();
        let out = '';
        for (const [n, end] of at.slice(1).entries()) {
          out += masker.push(bytes.subarray(at[n], end)).bytes.toString('latin1');
          const single = masker.passSingle().toString('latin1');
          if (single !== '') singles.add(out.length);
          out += single;
        }
        out += masker.end().bytes.toString('latin1');
        const wanted = masked(whole, secrets);
        expect(out).toHaveLength(wanted.length);
        for (let i = 0; i < wanted.length; i++) if (!singles.has(i)) expect(out[i]).toBe(wanted[i]);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('masking a file', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'relval-mask-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('keeps its length, its other bytes and its time, also across the borders of what is read at once', async () => {
    const path = join(dir, 'log');
    const binary = Buffer.alloc((1 << 20) - 3, '\xff\0x');
    writeFileSync(path, Buffer.concat([binary, Buffer.from('hunter2'), binary, Buffer.from('hunter2hunt')]));
    utimesSync(path, 1_600_000_000.25, 1_600_000_000.25);
    await maskFile(path, masksOf(['hunter2']));
    const stars = Buffer.from('*******');
    expect(readFileSync(path).equals(Buffer.concat([binary, stars, binary, stars, Buffer.from('hunt')]))).toBe(true);
    expect(statSync(path).mtimeMs).toBe(1_600_000_000_250);
  });

  it('does not touch one without secrets', async () => {
    const path = join(dir, 'log');
    writeFileSync(path, 'nothing here');
    const before = statSync(path, { bigint: true });
    await maskFile(path, masksOf(['hunter2', '']));
    expect(statSync(path, { bigint: true })).toMatchObject({ mtimeNs: before.mtimeNs, ctimeNs: before.ctimeNs });
  });
});
