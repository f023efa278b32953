import { join } from 'node:path';
import { readInside } from '../files/open-inside.ts';
import { askFramework, askRecent } from '../preflight/framework.ts';
import { FRAMEWORK_URL_FILE, LOCAL_DIR } from '../runs/store/local-files.ts';
import { isLive } from '../runs/store/record.ts';
import type { Cluster } from './api.ts';
import type { IndexedRun } from './run-index.ts';

/** The largest size of a file with an address, bytes. */
const LONGEST_URL = 1000;

/** Asks every framework for its `/state`, and for its last hour (`/recent`). */
export async function readCluster(configured: readonly string[], runs: readonly IndexedRun[]): Promise<Cluster> {
  const local = await Promise.all(runs.filter(({ status }) => isLive(status)).map(localFramework));
  const urls = new Set([...configured, ...local.flatMap((url) => url ?? [])]);
  const frameworks = await Promise.all(
    [...urls].map(async (url) => {
      const [answer, recent] = await Promise.all([askFramework(url), askRecent(url)]);
      return { ...answer, ...(recent !== undefined && { recent }) };
    }),
  );
  return { frameworks };
}

/** Only addresses of this machine: a user who can write into a run's directory must not decide to whom this server connects. */
async function localFramework({ root, record }: IndexedRun): Promise<string | undefined> {
  if (!record.request.local) return undefined;
  const text = await readInside(root, join(LOCAL_DIR, FRAMEWORK_URL_FILE), LONGEST_URL).catch(() => '');
  return /^(http:\/\/127\.0\.0\.1:\d{1,5})\s*$/.exec(text)?.[1];
}
