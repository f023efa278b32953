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
    return { url, reachable: true, state: await read(url, 'state') };
  } catch (error) {
    const { name, message } = error as Error;
    return { url, reachable: false, error: name === 'TimeoutError' ? 'it does not answer' : message };
  }
}

/** The last hour of a framework, its `/recent`; undefined if it does not answer, or is of an older version. */
export async function askRecent(url: string): Promise<unknown> {
  return read(url, 'recent').catch(() => undefined);
}

/** @throws when it does not answer, or answers with something else than JSON */
async function read(url: string, path: string): Promise<unknown> {
  // Most runs ask no framework, and loading this takes a tenth of their start.
  const { request } = await import('undici');
  const { statusCode, body } = await request(new URL(path, url.endsWith('/') ? url : `${url}/`), {
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
  return JSON.parse(text);
}
