import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { family, inodesOf, isLoopback, type Listener, listenersIn, namespaceOf } from './sockets.ts';

/** The table of ports in docs/refusals.md. */

/** `nobody`: a user without any rights. */
export const STRANGER = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

/** Two machines that are connected: a process in the network namespace of each, and the address of the run's one. */
export interface Machines {
  here: number;
  there: number;
  address: string;
}

export const commandOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};

const [RUN, CATALOG] = ['`relval run`', 'catalog server'];
const PROGRAMS: readonly [RegExp, string][] = [
  [/main\.js run /, RUN],
  [/main\.js serve /, '`relval serve`'],
  [/framework\/main\.js/, 'framework'],
  [/bridge\.pl/, 'bridge'],
  [/^\S*makeflow /, 'makeflow'],
  [/^\S*work_queue_worker /, 'worker'],
  [/^\S*catalog_server /, CATALOG],
];

/** What to call a process: by its command line, which for others is given as it is. */
const programOf = (pid: number): string => {
  const command = commandOf(pid);
  return PROGRAMS.find(([pattern]) => pattern.test(command))?.[1] ?? `\`${command.trim().slice(0, 60)}\``;
};

interface Port extends Listener {
  /** Who has it open; undefined: no process that the test knows. */
  pid: number | undefined;
  /** A process of the namespace that it is in. */
  holder: number;
  udp: boolean;
}

/**
 * Every port that is open in the namespace of the run's machine, and in those that the programs have made for themselves,
 * but for the ports that are known already.
 */
export function portsOf(here: number, programs: readonly number[], known: ReadonlySet<string>): Port[] {
  const owners = new Map<string, number>();
  const holders = new Map([[namespaceOf(here), here]]);
  for (const pid of programs.flatMap(family)) {
    try {
      for (const inode of inodesOf(pid)) if (!owners.has(inode)) owners.set(inode, pid);
      if (!holders.has(namespaceOf(pid))) holders.set(namespaceOf(pid), pid);
    } catch {
      // It has just ended.
    }
  }
  return [...holders.values()].flatMap((holder) =>
    listenersIn(holder)
      .filter(({ inode }) => !known.has(inode))
      .map((one) => ({ ...one, pid: owners.get(one.inode), holder, udp: one.kind.startsWith('udp') })),
  );
}

/** What is sent to each port. A server that speaks HTTP answers the first ones, the others speak by lines. */
const QUESTIONS = [
  ...['/', '/health', '/healthz', '/version', '/state', '/metrics', '/files/browse?path=/', '/api/v1/runs'].map(
    (path) => `GET ${path}`,
  ),
  ...['/api/v1', '/api/v1/scheduler', '/api/v1/runs'].map((path) => `POST ${path}`),
  'queue_status',
  `relval-log-2 guess step step-1-1-host ${'0'.repeat(32)} host 1 stdout`,
];

/** Asks every question on a connection of its own, and prints the answers: the first line, or what happened instead. */
const ASK = `
const { connect } = require('node:net');
const { createSocket } = require('node:dgram');
const text = (host, port, question) => /^(GET|POST) /.test(question)
  ? question + ' HTTP/1.1\\r\\nHost: ' + host + ':' + port + '\\r\\nConnection: close\\r\\n' +
    (question.startsWith('POST') ? 'Content-Type: application/json\\r\\nContent-Length: 2\\r\\n\\r\\n{}' : '\\r\\n')
  : question + '\\n';
const tcp = (host, port, question) => new Promise((resolve) => {
  const socket = connect({ host, port }, () => socket.write(text(host, port, question)));
  let got = '';
  const end = (what) => { resolve(what); socket.destroy(); };
  socket.on('data', (chunk) => { got += chunk; if (got.includes('\\n')) end(got.split('\\n')[0].trim()); });
  socket.on('error', (error) => end(got ? got : error.code === 'ECONNRESET' ? 'closed' : error.code));
  socket.on('close', () => end(got.trim() || 'closed'));
  setTimeout(end, 20000, 'silence');
});
const udp = (host, port) => new Promise((resolve) => {
  const socket = createSocket('udp4');
  const end = (what) => { resolve(what); try { socket.close(); } catch {} };
  socket.on('error', (error) => end(error.code));
  socket.on('message', () => end('an answer'));
  socket.connect(port, host, () => { socket.send('{}'); setTimeout(() => socket.send('{}', () => {}), 200); });
  setTimeout(end, 1000, 'silence');
});
const { host, ports } = JSON.parse(process.argv[1]);
Promise.all(ports.map(({ port, udp: isUdp, questions }) => isUdp
  ? udp(host, port).then((answer) => [['a datagram', answer]])
  : Promise.all(questions.map(async (question) => [question, await tcp(host, port, question)]))))
  .then((answers) => { console.log(JSON.stringify(answers)); process.exit(); });
`;

type Answers = [question: string, answer: string][];

/** What some ports answer to the second user in a network namespace. */
function ask(namespaceHolder: number, host: string, ports: readonly Port[]): Answers[] {
  // The catalog server answers few at once, and some not at all: one question shows whether it is open.
  const asked = ports.map(({ pid, port, udp }) => {
    return { port, udp, questions: pid && programOf(pid) === CATALOG ? QUESTIONS.slice(0, 1) : QUESTIONS };
  });
  const words = JSON.stringify({ host, ports: asked });
  const command = ['--net', '-t', `${namespaceHolder}`, ...STRANGER, process.execPath, '-e', ASK, words];
  return JSON.parse(execFileSync('nsenter', command, { encoding: 'utf8', cwd: '/' }));
}

const SAID: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  closed: 'closed',
  silence: 'silence',
};

/** Answers in words; questions with the same answer together. */
function inWords(program: string, answers: Answers): string {
  const groups = new Map<string, string[]>();
  for (const [question, answer] of answers) {
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
    const said = status ?? SAID[answer] ?? `\`${answer}\``;
    const short = question.startsWith('relval-log') ? 'a log with a guessed token' : question;
    groups.set(said, [...(groups.get(said) ?? []), short]);
  }
  // It is not ours, and open to everybody.
  if (program === CATALOG && !groups.has('connection refused')) return 'open';
  if (groups.size === 1) return [...groups.keys()].join();
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([said, questions]) => `**${said}** ${questions.map((one) => `\`${one}\``).join(', ')}`)
    .join('<br>');
}

/** Which of a program's servers a port is, known by what it leaves open. */
function serverOf(program: string, answers: Answers): string {
  if (program !== 'framework' && program !== RUN) return '';
  const isOpen = (path: string) =>
    answers.some(([question, answer]) => question === path && / 200 /.test(`${answer} `));
  if (isOpen('GET /version')) return ', embedded master';
  if (isOpen('GET /metrics')) return ', operations';
  if (isOpen('GET /health')) return ', embedded agent';
  return program === RUN ? ', log receiver' : '';
}

/**
 * The table of the ports that some programs have opened.
 *
 * @param known inodes of sockets that are left out
 */
export function portTable(machines: Machines, programs: readonly number[], known: ReadonlySet<string>): string {
  const { here, there, address } = machines;
  const ports = portsOf(here, programs, known);
  const near = ask(here, '127.0.0.1', ports);
  const far = ask(there, address, ports);
  const lines = ports.map((port, index) => {
    const program = port.pid === undefined ? 'UNKNOWN PROGRAM' : programOf(port.pid);
    if (port.holder !== here) {
      const words = [...STRANGER.slice(1), 'nsenter', `--net=/proc/${port.holder}/ns/net`, 'true'];
      const entered = spawnSync(STRANGER[0] as string, words).status === 0;
      const user = entered ? 'ENTERS THE NAMESPACE' : 'cannot enter the namespace';
      return `| ${program} | all addresses of a network namespace of its own | ${user} | no route |`;
    }
    const local = near[index] as Answers;
    const bound = isLoopback(port) ? '127.0.0.1' : /^0+$/.test(port.address) ? 'all addresses' : 'one address';
    const what = `${program}${port.udp ? ', UDP' : serverOf(program, local)}`;
    return `| ${what} | ${bound} | ${inWords(program, local)} | ${inWords(program, far[index] as Answers)} |`;
  });
  return ['| port of | on | another user | another machine |', '| --- | --- | --- | --- |', ...lines.sort()].join('\n');
}
