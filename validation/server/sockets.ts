import type { WebSocket } from 'ws';

/** A client that receives nothing for this time is disconnected. */
const PATIENCE_MS = 60_000;

/** Sends a message, and waits until it has left, so that a slow client slows the sender. @throws when it cannot be sent */
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
