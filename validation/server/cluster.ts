import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askFramework } from '../preflight/framework.ts';
import { FRAMEWORK_URL_FILE, LOCAL_DIR } from '../runs/store/local-files.ts';
import type { Cluster } from './api.ts';
import type { IndexedRun } from './run-index.ts';
import { isLive } from './summaries.ts';

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
