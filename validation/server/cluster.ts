import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { FRAMEWORK_URL_FILE, LOCAL_DIR } from '../runs/local/local-files.ts';
import type { Cluster } from './api.ts';
import type { IndexedRun } from './run-index.ts';
import { isLive } from './summaries.ts';

const PATIENCE_MS = 3000;
/** Bytes of an answer. */
const LARGEST = 32 * 1024 * 1024;

/** Asks every framework for its `/state`. */
export async function readCluster(configured: readonly string[], runs: readonly IndexedRun[]): Promise<Cluster> {
  const local = await Promise.all(runs.filter(({ status }) => isLive(status)).map(localFramework));
  const urls = new Set([...configured, ...local.flatMap((url) => url ?? [])]);
  return { frameworks: await Promise.all([...urls].map(askFramework)) };
}

/** Only of this machine: whoever can write into a run's directory must not choose whom this server asks. */
async function localFramework({ root, record }: IndexedRun): Promise<string | undefined> {
  if (!record.request.local) return undefined;
  const text = await readFile(join(root, LOCAL_DIR, FRAMEWORK_URL_FILE), 'utf8').catch(() => '');
  return /^(http:\/\/127\.0\.0\.1:\d{1,5})\s*$/.exec(text)?.[1];
}

/** What a framework says at `/state`, or why it does not. */
export async function askFramework(url: string): Promise<Cluster['frameworks'][number]> {
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
    if (statusCode !== 200) throw new Error(`it answers with status ${statusCode}`);
    return { url, reachable: true, state: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch (error) {
    const { name, message } = error as Error;
    return { url, reachable: false, error: name === 'TimeoutError' ? 'it does not answer' : message };
  }
}
