// Runs in a network namespace of its own, beside makeflow, and lets this machine reach makeflow's port from outside.
//
// Its parent sends it a socket that listens in the parent's namespace: a socket stays in the namespace in which it was
// made. What connects there is connected to the same port of this namespace. It ends with its parent.
//
// It is plain JavaScript because it also runs out of a checkout, by a Node.js that cannot read TypeScript.

import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';

/** How often makeflow is looked for while it does not listen yet, ms. */
const LOOK_MS = 5;

process.once('disconnect', () => process.exit());
// It was disconnected before it could hear of it.
if (!process.connected) process.exit();
process.once('message', (/** @type {{ port: number }} */ { port }, /** @type {import('node:net').Server} */ server) => {
  reserve(port);
  server.on('connection', (outside) => {
    outside.allowHalfOpen = true;
    outside.setNoDelay(true);
    outside.on('error', () => outside.destroy());
    reach(port, outside);
  });
  process.send?.('ready');
});

/**
 * Our own connections must not begin at the port that makeflow is about to listen on.
 * @param {number} port
 */
function reserve(port) {
  try {
    writeFileSync('/proc/sys/net/ipv4/ip_local_reserved_ports', String(port));
  } catch {
    // /proc/sys is read-only in some containers. Then one connection of 28,000 is in the way, and makeflow says so.
  }
}

/**
 * Connects to makeflow for one who has connected to us. Who comes before makeflow waits for it.
 * @param {number} port
 * @param {import('node:net').Socket} outside
 */
function reach(port, outside) {
  if (outside.destroyed) return;
  const inside = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  const again = () => setTimeout(reach, LOOK_MS, port, outside);
  inside.once('error', again);
  inside.once('connect', () => {
    inside.off('error', again);
    inside.on('error', () => outside.destroy());
    outside.on('error', () => inside.destroy());
    outside.pipe(inside);
    inside.pipe(outside);
  });
}
