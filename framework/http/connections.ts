import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** More than anybody needs, and fewer than a process may have open. */
const MOST = 2000;

export interface BoundConnections {
  readonly count: number;
  /** Hands a connection over to code that counts it itself: a WebSocket. */
  forget(socket: Socket): void;
}

/**
 * Limits the number of connections without refusing new ones: when there are too many, it closes the oldest one that
 * has no request in progress, or else the oldest of all. So a client that opens thousands loses only its own.
 */
export function boundConnections(server: Server, most = MOST): BoundConnections {
  const idle = new Set<Socket>();
  const busy = new Set<Socket>();
  server.on('connection', (socket) => {
    idle.add(socket);
    socket.once('close', () => {
      idle.delete(socket);
      busy.delete(socket);
    });
    if (idle.size + busy.size <= most) return;
    const [oldest] = idle.size > 1 ? idle : busy;
    oldest?.destroy();
  });
  server.on('request', ({ socket }, response) => {
    if (idle.delete(socket)) busy.add(socket);
    response.once('close', () => {
      if (busy.delete(socket) && !socket.destroyed) idle.add(socket);
    });
  });
  return {
    get count() {
      return idle.size + busy.size;
    },
    forget: (socket) => {
      idle.delete(socket);
      busy.delete(socket);
    },
  };
}
