import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { formatDuration, formatUtc } from '../units/time.ts';
import type { Check } from './check.ts';

/** The properties of a file with a proxy certificate. */
export interface ProxyFacts {
  path: string;
  /** Undefined: the file cannot be read, and `problem` says why. */
  text?: string;
  problem?: string;
  /** Permission bits. */
  mode?: number;
}

const DAY_S = 86_400;
const NAME = 'proxy certificate';
const RENEW = 'make a new one (voms-proxy-init, or the certificate that the nightly uses)';

/** The default place of the Grid's tools: `$X509_USER_PROXY`, else a file in /tmp with the user's number. */
export function defaultProxy(env: NodeJS.ProcessEnv, uid: number): string {
  return env.X509_USER_PROXY || `/tmp/x509up_u${uid}`;
}

export function readProxy(path: string): ProxyFacts {
  try {
    return { path, mode: statSync(path).mode & 0o777, text: readFileSync(path, 'utf8') };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { path, problem: code === 'ENOENT' ? 'does not exist' : `cannot be read: ${message}` };
  }
}

/**
 * Whether a proxy is valid for `days` more days from `now` (ms since 1970). Every certificate of the chain counts: a proxy
 * is not valid any more when the certificate that signed it is not.
 */
export function checkProxy({ path, text, problem, mode = 0o600 }: ProxyFacts, now: number, days: number): Check {
  const failed = (found: string, advice = RENEW): Check => ({
    name: NAME,
    state: 'failed',
    found: `${path} ${found}`,
    advice,
  });
  if (text === undefined) return failed(problem ?? 'cannot be read');
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) return failed('contains no certificate');
  let chain: X509Certificate[];
  try {
    chain = blocks.map((block) => new X509Certificate(block));
  } catch {
    return failed('contains a damaged certificate');
  }
  const begins = Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom)));
  const ends = Math.min(...chain.map(({ validTo }) => Date.parse(validTo)));
  if (now > ends) return failed(`expired at ${formatUtc(ends)}`);
  if (now < begins)
    return failed(`is not valid before ${formatUtc(begins)}`, 'check the clock of this machine, or wait');
  const left = (ends - now) / 1000;
  if (left < days * DAY_S) {
    return failed(
      `is valid for ${formatDuration(left)} more, until ${formatUtc(ends)}, but ${days} days are required`,
      `${RENEW}, or require less with --proxy-days ${Math.floor(left / DAY_S)}`,
    );
  }
  const key = keyProblem(text, chain[0] as X509Certificate);
  if (key !== undefined) return failed(key);
  if ((mode & 0o077) !== 0) {
    return failed(
      `can be read by other users (mode ${mode.toString(8)}), so the tools of the Grid refuse it`,
      `chmod 600 ${path}`,
    );
  }
  return { name: NAME, state: 'ok', found: `${path} is valid until ${formatUtc(ends)}` };
}

function keyProblem(text: string, certificate: X509Certificate): string | undefined {
  const [key] = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/.exec(text) ?? [];
  if (key === undefined) return 'contains no private key, which is needed besides the certificate';
  if (/ENCRYPTED/.test(key)) return 'has an encrypted key, which needs a pass phrase';
  try {
    return certificate.checkPrivateKey(createPrivateKey(key))
      ? undefined
      : 'contains a key that does not belong to its certificate';
  } catch {
    return 'contains a damaged key';
  }
}
