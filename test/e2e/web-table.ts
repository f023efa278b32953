import { execFileSync } from 'node:child_process';
import { STRANGER } from './port-table.ts';

/** The tables of requests in docs/refusals.md. */

export interface WebRequest {
  method: 'GET' | 'POST';
  path: string;
  /** JSON of a POST. */
  body?: unknown;
  /** A WebSocket. */
  socket?: boolean;
}

/** Headers that tell strangers apart; each has a column. */
export type Manners = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Sends every request in every manner, on a connection of its own, and prints the statuses. */
const ASK = `
const { request } = require('node:http');
const { host, port, requests, manners } = JSON.parse(process.argv[1]);
const ask = ({ method, path, body, socket }, headers) => new Promise((resolve) => {
  const upgrade = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'MDEyMzQ1Njc4OWFiY2RlZg==' };
  const own = request({ host, port, method, path, agent: false, headers: { ...(body && { 'content-type': 'application/json' }), ...(socket && upgrade), ...headers } });
  const end = (what) => { resolve(what); own.destroy(); };
  own.on('response', ({ statusCode }) => end(statusCode)).on('upgrade', () => end(101)).on('error', ({ code }) => end(code));
  own.end(body === undefined ? undefined : JSON.stringify(body));
  setTimeout(end, 20000, 'silence');
});
(async () => {
  const answers = [];
  for (const one of requests) answers.push(await Promise.all(manners.map((headers) => ask(one, headers))));
  console.log(JSON.stringify(answers));
  process.exit();
})();
`;

/**
 * What a server answers to the second user.
 * @param holder a process in the network namespace from which it is asked
 * @param nameless removes from a path what differs from run to run
 */
export function webTable(
  holder: number,
  { host, port }: { host: string; port: number },
  requests: readonly WebRequest[],
  manners: Manners,
  nameless: (path: string) => string,
): string {
  const words = JSON.stringify({ host, port, requests, manners: Object.values(manners) });
  const command = ['--net', '-t', `${holder}`, ...STRANGER, process.execPath, '-e', ASK, words];
  const answers: (number | string)[][] = JSON.parse(execFileSync('nsenter', command, { encoding: 'utf8', cwd: '/' }));
  const groups = new Map<string, string[]>();
  for (const [n, { method, path, socket }] of requests.entries()) {
    const key = (answers[n] ?? []).join(' | ');
    groups.set(key, [...(groups.get(key) ?? []), `\`${socket ? 'WebSocket' : method} ${nameless(path)}\``]);
  }
  const columns = Object.keys(manners);
  return [
    `| request | ${columns.join(' | ')} |`,
    `| ${['', ...columns].map(() => '---').join(' | ')} |`,
    ...[...groups].map(([key, asked]) => `| ${asked.join('<br>')} | ${key} |`),
  ].join('\n');
}
