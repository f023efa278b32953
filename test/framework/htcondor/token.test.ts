import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { whatIsWrong } from '../../../framework/htcondor/token.ts';

const NOW = Date.parse('2026-11-30T12:00:00Z');

function tokenFile(text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'token-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const file = join(dir, 'token');
  writeFileSync(file, text);
  return file;
}

const token = (body: object): string => `e30.${Buffer.from(JSON.stringify(body)).toString('base64url')}.c2lnbmF0dXJl\n`;

it('a refused token has expired, or does so by a clock that is ahead', () => {
  const seconds = NOW / 1000;
  expect(whatIsWrong(tokenFile(token({ exp: seconds - 60 })), NOW)).toMatch(/has expired at 2026-11-30 11:59 UTC$/);
  expect(whatIsWrong(tokenFile(token({ exp: seconds + 301 })), NOW)).toMatch(
    /expires at 2026-11-30 12:05 UTC: it has expired already if the pool's clock is ahead of this machine's by 6 min or more$/,
  );
});

it('nothing is known about a token that does not expire, and what is no token is said to be none', () => {
  expect(whatIsWrong(tokenFile(token({ sub: 'framework@pool.test' })), NOW)).toBeUndefined();
  expect(whatIsWrong(tokenFile(token({ exp: 1e300 })), NOW)).toBeUndefined();
  expect(whatIsWrong(tokenFile('hello'), NOW)).toContain('has no token: ');
  expect(whatIsWrong('/nowhere/token', NOW)).toContain('has no token: ENOENT');
});
