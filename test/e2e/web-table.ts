import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
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

/** All that the page can be asked for. */
export function requestsFor(id: string, path: string): WebRequest[] {
  const log = `/runs/${id}/steps/step/log`;
  const finding = 'abcd';
  const excuse = { finding, reason: 'x', until: '2999-01-01' };
  const get = [
    ...['/', '/healthz', '/metrics'],
    ...[
      ...['/server', '/cluster', '/runs', '/startables', '/history', '/workflows', '/workflows/w/history?format=csv'],
      ...[`/diff?a=${id}&b=${id}`, `/runs/${id}/exception?finding=${finding}&reason=x&until=2999-01-01`],
      ...['', '/steps', '/steps/step', '/timeline', '/critical-path', '/graph.svg', '/report'].map(
        (below) => `/runs/${id}${below}`,
      ),
      ...['/report/histograms.ndjson', '/steps/step/1/stdout.log'].map((below) => `/runs/${id}${below}`),
      ...[log, `${log}?line=1`, `${log}/search?q=x`, `${log}/groups`, `${log}-diff`],
    ].map((below) => `/api/v1${below}`),
  ];
  const post: [string, unknown][] = [
    ['', { input: join(path, 'workflow.yaml'), local: true }],
    ['', { nightly: 'night' }],
    ['/stop', {}],
    ['/resume', {}],
    ['/retry', { failed: true }],
    ['/accept', { note: 'x' }],
    ['/exception', excuse],
  ];
  return [
    ...get.map((of): WebRequest => ({ method: 'GET', path: of })),
    ...['/events', `${log}/follow`].map((of): WebRequest => ({ method: 'GET', path: `/api/v1${of}`, socket: true })),
    ...post.map(([below, body]): WebRequest => {
      return { method: 'POST', path: below === '' ? '/api/v1/runs' : `/api/v1/runs/${id}${below}`, body };
    }),
  ];
}
