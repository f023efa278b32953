import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { type HostPort, parseHostPort } from '../../../framework/net/address.ts';
import { CatalogError, fetchCatalog } from '../../../framework/workqueue/catalog.ts';
import { askManager } from '../../../framework/workqueue/manager.ts';
import type { WorkQueueBatch } from '../../makeflow/work-queue.ts';

/** Time for an answer of the catalog or of makeflow, ms. */
const ANSWER_MS = 3000;

/**
 * Reports makeflow's manager to the catalog when the catalog does not list it. Makeflow reports by a datagram when it starts,
 * and then once a minute. If the first one is lost, for example because the catalog server was just being started again, the
 * framework would see the run a minute late.
 * @param portFile the file where makeflow has written its port
 * @returns why the catalog cannot list it, as a sentence; undefined: it lists it, or it was told
 */
export async function announceManager(batch: WorkQueueBatch, portFile: string): Promise<string | undefined> {
  const catalog = parseHostPort(batch.catalog);
  const port = Number(readIfThere(portFile));
  if (!catalog || !Number.isInteger(port) || port === 0) return undefined;
  try {
    const { rows } = await fetchCatalog({ ...catalog, timeoutMs: ANSWER_MS });
    if (rows.some((row) => row.project === batch.project && row.port === port)) return undefined;
    await report(catalog, { host: '127.0.0.1', port }, batch.passwordFile);
    return undefined;
  } catch (error) {
    // For all other errors it is tried again: makeflow is busy or has just ended, or a name is not found now.
    return error instanceof CatalogError ? `no worker can find this run: ${error.message}` : undefined;
  }
}

/** Sends what the manager says of itself: that is what makeflow sends. */
async function report(catalog: HostPort, manager: HostPort, passwordFile: string | undefined): Promise<void> {
  const { records } = await askManager(manager, 'queue_status', {
    ...(passwordFile !== undefined && { password: readFileSync(passwordFile) }),
    ...{ connectMs: ANSWER_MS, silentMs: ANSWER_MS, onSilent: () => {}, signal: AbortSignal.timeout(ANSWER_MS) },
  });
  const { address, family } = await lookup(catalog.host);
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  await new Promise<void>((resolve) => {
    // If it does not arrive it is sent again.
    socket.once('error', () => resolve());
    socket.send(JSON.stringify(records[0]), catalog.port, address, () => resolve());
  });
  socket.close();
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
