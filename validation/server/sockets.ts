import type { WebSocket } from 'ws';

/** A client that takes nothing for so long is dropped. */
const PATIENCE_MS = 60_000;

/** Sends a message; settles when it has left, so that a slow client is waited for. @throws when it does not */
export function send(socket: WebSocket, message: unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.terminate(), PATIENCE_MS);
    socket.send(JSON.stringify(message), (error) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    });
  });
}
