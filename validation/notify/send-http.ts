import { type Dispatcher, request } from 'undici';
import { outgoingAgent } from '../net/agent.ts';
import { type Attempt, CannotSend } from './attempts.ts';
import type { Auth, HttpDelivery } from './deliveries.ts';
import { readOwnFile, readSecret, withoutSecrets } from './secret.ts';

/** Bytes of an answer that are searched for an error message. */
const LOOKED_AT = 2000;

/**
 * One attempt to send a request. It follows no redirection, because that would send secrets elsewhere.
 * @throws {Error} for a connection error, or a secret that cannot be read
 */
export async function sendHttp(delivery: HttpDelivery, signal: AbortSignal): Promise<Attempt> {
  const url = typeof delivery.url === 'string' ? delivery.url : readSecret(delivery.url.secret);
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new CannotSend('the webhook’s address is not valid: expected https://…');
  const secrets = typeof delivery.url === 'string' ? [] : [url, new URL(url).pathname].filter((part) => part !== '/');
  const token = delivery.auth && readSecret(delivery.auth.secret);
  if (token !== undefined) secrets.push(token);
  const agent = outgoingAgent(delivery.caFile === undefined ? undefined : readOwnFile(delivery.caFile));
  try {
    const answer = await request(url, {
      method: 'POST',
      headers: { 'user-agent': 'relval', ...delivery.headers, ...authorization(delivery.auth, token) },
      body: JSON.stringify(delivery.body),
      dispatcher: agent,
      signal,
    });
    return judge(answer, secrets);
  } catch (error) {
    throw Object.assign(error as Error, { message: withoutSecrets((error as Error).message, secrets) });
  } finally {
    await agent.destroy();
  }
}

function authorization(auth: Auth | undefined, token: string | undefined): Record<string, string> {
  if (!auth || token === undefined) return {};
  if (auth.type === 'bearer') return { authorization: `Bearer ${token}` };
  return { authorization: `Basic ${Buffer.from(`${auth.user}:${token}`).toString('base64')}` };
}

/** A 2xx status is success, whatever the body; too many requests and server errors may pass, all else will not. */
async function judge({ statusCode, headers, body }: Dispatcher.ResponseData, secrets: string[]): Promise<Attempt> {
  if (statusCode >= 200 && statusCode < 300) return { ok: true };
  if (statusCode >= 300 && statusCode < 400) {
    const to = URL.canParse(String(headers.location)) ? ` to ${new URL(String(headers.location)).origin}` : '';
    return {
      ok: false,
      again: false,
      message: `HTTP ${statusCode}: redirected${to}. Configure the address to which it redirects`,
    };
  }
  const said = withoutSecrets((await beginning(body)).replace(/[\s\p{Cc}]+/gu, ' ').trim(), secrets);
  const message = `HTTP ${statusCode}${said === '' ? '' : `: ${said.slice(0, 300)}`}`;
  const again = statusCode >= 500 || statusCode === 429 || statusCode === 408 || statusCode === 425;
  return { ok: false, again, message, after: retryAfter(headers['retry-after'], Date.now()) };
}

/** The beginning of the body; errors while reading it are ignored. */
async function beginning(body: Dispatcher.ResponseData['body']): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of body) {
      parts.push(part as Buffer);
      bytes += (part as Buffer).length;
      if (bytes >= LOOKED_AT) break;
    }
  } catch {
    // Only the status counts.
  }
  return Buffer.concat(parts).subarray(0, LOOKED_AT).toString();
}

/** Seconds that a server asks to wait: a number, or a date (RFC 9110, section 10.2.3); undefined for anything else. */
export function retryAfter(header: string | string[] | undefined, now: number): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, Math.ceil((date - now) / 1000));
}
