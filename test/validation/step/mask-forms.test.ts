import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Masker, masksOf } from '../../../validation/step/mask.ts';
import { formsOf } from '../../../validation/step/mask-forms.ts';

const SECRETS = [
  'hunter2hunter2',
  's3cr3t-tok"en x',
  `it's "a" $HOME \`id\` \\ \\n 50% ~!#,;|&<>(){}[]*?^=+:@/_.`,
  '#first ~second',
  '~home/and/../back',
  'pässwörd → ✓ 𝄞',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c',
  'ab+/=cd?d&e=f>~~>??',
  'a\ttab',
];

/** A text with a secret in some form, masked. */
function masked(text: string | Buffer, secret: string): string {
  const masker = new Masker(masksOf([secret]));
  return Buffer.concat([masker.push(Buffer.from(text)).bytes, masker.end().bytes]).toString('latin1');
}

/** That a form is masked wholly, and what stands around it is not. */
function expectMasked(form: string, secret: string): void {
  const stars = '*'.repeat(Buffer.byteLength(form));
  expect(masked(`<p>${form}</p>`, secret), form).toBe(`<p>${stars}</p>`);
}

const bash = (script: string, secret: string, locale = 'C'): string =>
  execFileSync('bash', ['-c', script], {
    env: { PATH: process.env.PATH, SECRET: secret, LC_ALL: locale },
    stdio: ['ignore', 'pipe', 'pipe'],
  }).toString('utf8');

const html = (text: string, double: string, single: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', double)
    .replaceAll("'", single);

describe.each(SECRETS)('%s is masked', (secret) => {
  const bytes = Buffer.from(secret);

  it('as it is, in hex, and in URLs', () => {
    for (const form of [
      secret,
      bytes.toString('hex'),
      bytes.toString('hex').toUpperCase(),
      encodeURIComponent(secret),
      encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
      encodeURI(secret),
      new URLSearchParams({ secret }).toString().slice('secret='.length),
      [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    ]) {
      expectMasked(form, secret);
    }
    const url = new URL('http://host/');
    url.searchParams.set('token', secret);
    expect(masked(url.href, secret)).toMatch(/^http:\/\/host\/\?token=\*+$/);
  });

  it.each(['base64', 'base64url'] as const)('in %s, wherever it begins and whatever follows', (encoding) => {
    for (const before of ['', 'u', 'us', 'use', 'user:', 'user1:', 'user12:']) {
      for (const behind of ['', '\n', 'x', 'more', 'and more']) {
        const text = Buffer.from(before + secret + behind).toString(encoding);
        for (const form of [text, text.replaceAll('=', '')]) {
          const left = masked(` ${form} `, secret).slice(1, -1);
          // A character at each end may be shared with a neighbour, so it has 4 bits of the secret at most.
          const own = Buffer.byteLength(before);
          const [from, to] = [Math.ceil((own * 4) / 3), Math.floor(((own + bytes.length) * 4) / 3)];
          expect(left.slice(from, to), form).toBe('*'.repeat(to - from));
          if (own % 3 === 0 && behind === '') expect(left.slice(from)).toMatch(/^\*+$/);
        }
      }
    }
    expect(masked(`Authorization: Basic ${btoa('x:y')}`, secret)).toBe(`Authorization: Basic ${btoa('x:y')}`);
  });

  it('as base64 and openssl write it in lines', () => {
    for (const script of ['printf %s "$SECRET" | base64', 'printf %s "$SECRET" | base64 -w 64']) {
      expect(masked(bash(script, secret), secret)).toMatch(/^[*\n]+\n$/);
    }
  });

  it('within JSON', () => {
    const plain = JSON.stringify(secret).slice(1, -1);
    const ascii = (upper: boolean) =>
      plain.replace(/[\u007f-\uffff]/g, (one) => {
        const code = one.charCodeAt(0).toString(16).padStart(4, '0');
        return `\\u${upper ? code.toUpperCase() : code}`;
      });
    const forHtml = plain.replace(/[<>&]/g, (one) => `\\u00${one.charCodeAt(0).toString(16)}`);
    for (const form of [plain, ascii(false), ascii(true), forHtml]) {
      expectMasked(form, secret);
      expectMasked(form.replaceAll('/', '\\/'), secret);
    }
    expect(masked(JSON.stringify({ text: JSON.stringify({ secret }) }), secret)).toMatch(
      /^\{"text":"\{\\"secret\\":\\"\*+\\"\}"\}$/,
    );
  });

  it.each(['C', 'C.UTF-8'])('as bash writes it in the locale %s', (locale) => {
    for (const script of [
      'printf "%q" "$SECRET"',
      'declare -p SECRET',
      'export -p | grep SECRET=',
      'set | grep ^SECRET=',
    ]) {
      expect(masked(bash(script, secret, locale), secret), script).toMatch(/^[^*]*?\*+['"]?\n?$/);
    }
    const traced = bash('exec 2>&1; set -x; : "$SECRET"', secret, locale);
    expect(masked(traced, secret)).toMatch(/^\+ : (\$?'?)\*+'?\n$/);
  });

  it('in quotes of other shells and of Python', () => {
    expectMasked(secret.replaceAll("'", `'"'"'`), secret);
    expectMasked(secret.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\t', '\\t'), secret);
  });

  it('in HTML and XML', () => {
    for (const [double, single] of [
      ['"', "'"],
      ['&quot;', '&#39;'],
      ['&quot;', '&#x27;'],
      ['&quot;', '&apos;'],
      ['&#34;', '&#39;'],
    ] as const) {
      expectMasked(html(secret, double, single), secret);
    }
    expectMasked(
      html(secret, '&quot;', '&#39;').replace(/[\u0080-\u{10ffff}]/gu, (one) => `&#${one.codePointAt(0)};`),
      secret,
    );
  });

  it('and nothing else is, in a text of all that may be printed', () => {
    const text = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code).repeat(3)).join('');
    expect(masked(Buffer.from(text, 'latin1'), secret)).toBe(text);
  });
});

it('a short form is none: it would be found by chance', () => {
  expect(formsOf('abcd').map(String)).not.toContain('YWJj');
  for (const form of formsOf('abcd').slice(1)) expect(form.length).toBeGreaterThanOrEqual(6);
});
