import type { WebSocket } from 'ws';
import type { EventMessage } from './api.ts';
import { readEvents } from './event-reader.ts';
import type { IndexedRun, RunIndex } from './run-index.ts';
import { send } from './sockets.ts';

const LOOK_MS = 200;

/**
 * Sends every run that changes. If a run changes faster than the client reads, only its latest state is sent.
 * @param describe the message about a run
 */
export async function sendRuns(
  socket: WebSocket,
  index: RunIndex,
  describe: (run: IndexedRun) => Promise<EventMessage>,
): Promise<void> {
  const changed = new Map<string, IndexedRun | undefined>();
  let wake = (): void => undefined;
  const stop = index.onChange(({ id, run }) => {
    changed.set(id, run);
    wake();
  });
  const closed = (): void => wake();
  socket.once('close', closed);
  try {
    while (socket.readyState === socket.OPEN) {
      const [next] = changed;
      if (!next) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const [id, run] = next;
      changed.delete(id);
      await send(socket, run ? await describe(run) : ({ type: 'gone', run: id } satisfies EventMessage));
    }
  } finally {
    stop();
    socket.off('close', closed);
  }
}

/** Sends the events of one run from an offset on, as they are written. */
export async function sendEvents(socket: WebSocket, run: IndexedRun, from: number): Promise<void> {
  let offset = from;
  while (socket.readyState === socket.OPEN) {
    const read = await readEvents(run.root, offset);
    for (const { event, offset: behind } of read.events) {
      await send(socket, { type: 'event', run: run.id, offset: behind, event } satisfies EventMessage);
    }
    const more = read.offset > offset && read.offset < read.size;
    offset = read.offset;
    if (!more) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
