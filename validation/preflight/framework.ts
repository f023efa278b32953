import { request } from 'undici';

const PATIENCE_MS = 3000;
/** Longest part of a refusal that is shown, in characters. */
const LONGEST_REASON = 200;
/** Longest answer, bytes. */
const LARGEST = 32 * 1024 * 1024;

/** A framework's answer at its `/state`, or why there is none. */
export interface FrameworkAnswer {
  url: string;
  reachable: boolean;
  error?: string;
  state?: unknown;
}

/** Asks a framework for its `/state`; never throws. @param url `http://HOST:PORT` */
export async function askFramework(url: string): Promise<FrameworkAnswer> {
  try {
    const { statusCode, body } = await request(new URL('state', url.endsWith('/') ? url : `${url}/`), {
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: { accept: 'application/json' },
    });
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += (chunk as Buffer).length;
      if (size > LARGEST) throw new Error('its answer is too long');
      chunks.push(chunk as Buffer);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    if (statusCode !== 200)
      throw new Error(`it answers with status ${statusCode}: ${text.slice(0, LONGEST_REASON).trim()}`);
    return { url, reachable: true, state: JSON.parse(text) };
  } catch (error) {
    const { name, message } = error as Error;
    return { url, reachable: false, error: name === 'TimeoutError' ? 'it does not answer' : message };
  }
}
