// node --import test/bench/frame-probe.mjs PROGRAM
// Writes JSON to the file $PROBE when the program ends. Of any program: `loop`, how long its event loop was blocked, ms of wall time (also
// by other programs on a busy machine), by a timer of 5 ms; `memory`, MB when most was resident. Of the built framework also: `frames`, what one event cost from
// its arrival at the core until the journal is on the disk and the calls wait to be sent, in ms of CPU time and of wall time; `slowest`, the
// event of the dearest one; `calls` to the master by type; `answers`, how long a call waited for its turn and its answer, ms; `launches`.
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const cpu = createHistogram();
const wall = createHistogram();
const answers = createHistogram();
let slow = { cpu: 0, over: 0, overWall: 0, what: '' };
/** @type {Record<string, number>} */
const calls = {};
/** @typedef {import('../../framework/driver.ts').Driver} Driver @type {Driver | undefined} */
let driver;

/** The event loop says when this program first has the time; from then on each event is measured. @param {{ prototype: Driver }} Class */
function watch({ prototype }) {
  const { handle } = prototype;
  prototype.handle = function (event) {
    if (driver === undefined && this.connection !== undefined) begin(this);
    const before = process.cpuUsage();
    const start = performance.now();
    handle.call(this, event);
    const { user, system } = process.cpuUsage(before);
    const took = performance.now() - start;
    cpu.record(Math.max(1, user + system));
    wall.record(Math.max(1, Math.round(took * 1000)));
    const ms = (user + system) / 1000;
    if (ms > 50) slow.over++;
    if (took > 50) slow.overWall++;
    if (ms > slow.cpu) slow = { ...slow, cpu: ms, what: event.type === 'mesos' ? event.event.type : event.type };
  };
}

/** @param {Driver} found */
function begin(found) {
  driver = found;
  const { connection } = found;
  const send = connection.send.bind(connection);
  connection.send = (call) => {
    calls[call.type] = (calls[call.type] ?? 0) + 1;
    const sent = performance.now();
    return send(call).finally(() => answers.record(Math.max(1, Math.round((performance.now() - sent) * 1000))));
  };
}

// The framework loads its parts after its start, as one of which the class is exported under a name of one letter.
const { cache } = createRequire(import.meta.url);
const search = setInterval(() => {
  for (const { exports } of Object.values(cache).flatMap((module) => module ?? [])) {
    for (const value of Object.values(exports ?? {})) {
      if (value?.name !== 'Driver') continue;
      clearInterval(search);
      return watch(value);
    }
  }
}, 1);
search.unref();

/** @param {import('node:perf_hooks').Histogram} histogram @param {number} unit of its values in ms */
const summary = (histogram, unit) => ({
  count: histogram.count,
  ...{ median: histogram.percentile(50) * unit, most99: histogram.percentile(99) * unit, most: histogram.max * unit },
});

/** What Node.js knew of its memory when most was resident, MB. */
let memory = { rss: 0, heapUsed: 0, heapTotal: 0, external: 0 };
setInterval(() => {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  if (rss > memory.rss) memory = { rss, heapUsed, heapTotal, external };
}, 1000).unref();

process.on('exit', () => {
  const facts = {
    memory: Object.fromEntries(Object.entries(memory).map(([name, bytes]) => [name, Math.round(bytes / 2 ** 20)])),
    loop: summary(delay, 1e-6),
    ...(driver && {
      frames: { cpu: summary(cpu, 1e-3), wall: summary(wall, 1e-3), over50: slow.over, over50Wall: slow.overWall },
      slowest: slow.what,
      calls,
      answers: summary(answers, 1e-3),
      launches: driver.scheduler.state.counters.launches,
    }),
  };
  writeFileSync(String(process.env.PROBE), JSON.stringify(facts));
});
