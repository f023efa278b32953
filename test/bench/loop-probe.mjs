// node --import test/bench/loop-probe.mjs PROGRAM
// Writes a line of JSON to the file $PROBE each second: `loop`, the longest time in which the event loop was blocked, ms (also
// by other programs on a busy machine); `cpu`, the processor time, ms; `memory`, MB.
import { appendFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
let before = process.cpuUsage();
setInterval(() => {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  const line = {
    loop: Math.round(delay.max / 1e6),
    cpu: Math.round((user + system) / 1000),
    memory: Math.round(process.memoryUsage.rss() / 2 ** 20),
  };
  appendFileSync(String(process.env.PROBE), `${JSON.stringify(line)}\n`);
  delay.reset();
}, 1000).unref();
