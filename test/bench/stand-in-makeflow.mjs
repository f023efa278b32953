#!/usr/bin/env node
// Stands in for makeflow in `big-run.mjs --rate`: makes the logs and the files that makeflow makes with `-T wq`, and runs no steps. So relval
// gets the events of a hundred thousand steps in minutes. STAND_IN_RATE is the number of steps that end in a second.
// Its own program is called `makeflow`; for anything but a flow it calls the real one, REAL_MAKEFLOW.
import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

const args = process.argv.slice(2);
const portFile = args[args.indexOf('-Z') + 1];
if (!args.includes('-Z') || portFile === undefined) {
  process.stdout.write(execFileSync(process.env.REAL_MAKEFLOW ?? 'makeflow', args));
  process.exit();
}
const file = args.at(-1) ?? '';
const rate = Number(process.env.STAND_IN_RATE);
/** Makeflow gives Work Queue no more tasks at a time. */
const SUBMITTED_AT_MOST = 1000;
const RUNNING_AT_MOST = 20;
const WORKER = '127.0.0.1:40000';

const rules = readFileSync(file, 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, targets, sources] = /^(\S+\.result\.json .*?): (.*)$/.exec(line) ?? [];
    const step = targets?.split('.')[0];
    return step === undefined
      ? []
      : [{ step, targets: targets?.split(' ') ?? [], waits: / \S+\.result\.json/.test(sources ?? '') }];
  });
// The rules that wait for others are few, and come last here.
const order = [...rules.keys()].sort((a, b) => Number(rules[a]?.waits) - Number(rules[b]?.waits));
const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object') writeFileSync(portFile, `${address?.port}\n`);
});

const micros = () => Date.now() * 1000;
const counts = { waiting: rules.length, running: 0, complete: 0 };
let log = `# STARTED ${micros()}\n`;
let jobs = `${micros()} ${process.pid} MANAGER START\n`;
const write = () => {
  appendFileSync(`${file}.wqlog.tr`, jobs);
  appendFileSync(`${file}.makeflowlog`, log);
  log = jobs = '';
};
/** @param {number} node @param {number} state */
const change = (node, state) => {
  const { waiting, running, complete } = counts;
  log += `${micros()} ${node} ${state} ${node + 1} ${waiting} ${running} ${complete} 0 0 ${rules.length}\n`;
};

/** @param {number} node */
function submit(node) {
  counts.waiting--;
  counts.running++;
  for (const name of rules[node]?.targets ?? []) log += `# FILE ${micros()} ${name} 1 1073741824\n`;
  change(node, 1);
}

/** @param {number} node */
function begin(node) {
  jobs += `${micros()} ${process.pid} TASK ${node + 1} RUNNING ${WORKER}  FIRST_RESOURCES {"cores":[1,"cores"]}\n`;
}

/** @param {number} node */
function end(node) {
  const { step = '', targets = [] } = rules[node] ?? {};
  const time = Date.now();
  const own = '05:00:00 outputs\n';
  /** @type {Record<string, string>} */
  const contents = {
    'result.json': result(step, node, time),
    'stdout.log': `+ bash ./sim.sh\nstep ${node}\n`,
    logs: `relval-log-1 ${own.length} ${own.length} 0 relval-step.log\n${own}\n`,
  };
  jobs += `${micros()} ${process.pid} TASK ${node + 1} WAITING_RETRIEVAL ${WORKER} \n`;
  jobs += `${micros()} ${process.pid} TASK ${node + 1} RETRIEVED SUCCESS  0  {} {}\n${micros()} ${process.pid} TASK ${node + 1} DONE SUCCESS  0  {} {}\n`;
  for (const name of targets) {
    const content = contents[name.slice(step.length + 1)] ?? '';
    writeFileSync(name, content);
    log += `# FILE ${micros()} ${name} 2 ${content.length}\n`;
  }
  counts.running--;
  counts.complete++;
  change(node, 2);
}

/** @param {string} step @param {number} index @param {number} time */
function result(step, index, time) {
  return `${JSON.stringify({
    ...{ schema: 'relval-result-1', step, execution: `${step}-${time}-1-vm`, stage: step.replace(/\d+$/, ''), index },
    ...{ phase: 'done', blocking: false, exitStatus: 0, signal: null, timedOut: false, interrupted: false },
    ...{ start: time - 30_000, end: time, payloadStart: time - 29_900, payloadEnd: time - 100, cpuTime: 28 },
    ...{ peakMemory: 100_000_000, outOfMemory: false, host: 'vm', worker: '/w/worker-0-1', cores: 1, outputDir: '/o' },
    ...{ inputBytes: 24, outputBytes: 0, outputs: [{ name: 'validation_report.txt', size: 0 }] },
    ...{ missing: [], empty: [], lacking: [], cutOff: [], unread: [], coreDumps: [], message: '' },
  })}\n`;
}

let submitted = 0;
let begun = 0;
let ended = 0;
const started = performance.now();
process.once('SIGINT', () => process.exit(1));
while (ended < rules.length) {
  while (submitted < rules.length && submitted - ended < SUBMITTED_AT_MOST) submit(order[submitted++] ?? 0);
  while (begun < submitted && begun - ended < RUNNING_AT_MOST) begin(order[begun++] ?? 0);
  write();
  await sleep(10);
  const due = ((performance.now() - started) * rate) / 1000;
  while (ended < begun && ended < due) end(order[ended++] ?? 0);
}
log += `# COMPLETED ${micros()}\n`;
write();
server.close();
