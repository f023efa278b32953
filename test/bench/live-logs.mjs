/**
 * Live logs: how long a line takes from a step to the file that `relval logs --follow` reads, for 1, 20 and 100 steps at
 * once on this machine, and how much longer a step takes that prints 100 MB, with live logs and without, in turn.
 * Real step script, real receiver. Usage: npm run bench:live [-- --rounds 7]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startLogReceiver } from '../../dist/modules/validation/step/log-receiver.js';
import { masksOf } from '../../dist/modules/validation/step/mask.js';
import { stageFile } from '../../dist/modules/validation/step/stage-file.js';
import { stepScript } from '../../dist/modules/validation/step/step-script.js';

const { values: flags } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
const ROUNDS = Number(flags.rounds);
const LINES = 20;

const root = mkdtempSync(join(tmpdir(), 'relval-bench-'));
writeFileSync(join(root, 'relval-step.sh'), await stepScript());
let onDirectory = () => {};
const receiver = await startLogReceiver({
  listen: { host: '127.0.0.1' },
  tokenOf: () => 'bench',
  masks: masksOf(['not in there']),
  limit: 64 << 20,
  admit: ({ id, step }) => {
    const directory = join(root, 'live', id);
    setImmediate(() => onDirectory(step, directory));
    return { directory };
  },
});

function prepare(name, payload) {
  const stage = {
    ...{ name, phase: 0, after: [], executable: 'payload.sh', executablePath: 'payload.sh', argumentsTemplate: '' },
    ...{ environment: [], packages: [], outputs: [], saveAll: false, dontArchive: true, noLiveOutput: true },
    ...{ outputDirTemplate: '', handsOn: [], expects: [], onFailure: 'continue', retries: 0 },
    ...{ resources: { cores: 1, memory: 1, disk: 1 }, copyTimeout: 100, copyJobs: 1 },
    inputs: [{ kind: 'sent', name: 'payload.sh', unpack: false }],
  };
  writeFileSync(join(root, `${name}.stage`), stageFile(stage, [], { alias: () => `${name}.sh` }));
  writeFileSync(join(root, `${name}.sh`), `#!/bin/bash\n${payload}\n`);
  writeFileSync(join(root, 'relval-patterns'), 'Segmentation fault\n');
  chmodSync(join(root, `${name}.sh`), 0o755);
}

/** @returns seconds */
async function runStep(stage, id, index, live) {
  const { RELVAL_LOGS: _, ...env } = process.env;
  const before = performance.now();
  const child = spawn('bash', ['relval-step.sh', `${stage}.stage`, id, String(index)], {
    cwd: root,
    env: live ? { ...env, RELVAL_LOGS: `127.0.0.1:${receiver.port}`, RELVAL_TOKEN: 'bench' } : env,
    stdio: 'ignore',
  });
  const [code] = await once(child, 'exit');
  const seconds = (performance.now() - before) / 1000;
  if (code !== 0) throw new Error(`${id} ended with ${code}`);
  return { seconds, result: JSON.parse(readFileSync(join(root, `${id}.result.json`), 'utf8')) };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** The time of every line is in the line: what is read at an event of the directory is compared with the clock. */
async function followLatency(steps) {
  const begin = Date.now() + 2000 + 60 * steps; // when all of them have started
  prepare(
    'ticks',
    `now=$(date +%s%N); sleep $(( (${begin} - now / 1000000) / 1000 ))
for ((i = 0; i < ${LINES}; i++)); do sleep 0.$((RANDOM % 900 + 100)); date +%s%N; done`,
  );
  const latencies = [];
  const watchers = [];
  onDirectory = (_, directory) => {
    let file;
    let at = 0;
    const buffer = Buffer.alloc(4096);
    const read = () => {
      file ??= openSync(join(directory, 'stdout.log'));
      const size = readSync(file, buffer, 0, buffer.length, at);
      at += size;
      const now = Date.now();
      const lines = buffer.toString('latin1', 0, size).matchAll(/^\d{19}$/gm);
      for (const [line] of lines) latencies.push(now - Number(line) / 1e6);
      if (size > 0) read();
    };
    const wait = setInterval(() => {
      try {
        read();
        clearInterval(wait);
        watchers.push(watch(join(directory, 'stdout.log'), read));
        read();
      } catch (error) {
        if (error.code !== 'ENOENT') throw error;
      }
    }, 50);
  };
  await Promise.all(Array.from({ length: steps }, (_, n) => runStep('ticks', `ticks${n}`, n, true)));
  for (const watcher of watchers) watcher.close();
  onDirectory = () => {};

  return { lines: latencies.length, median: median(latencies), worst: Math.max(...latencies) };
}

async function printing(name, payload) {
  prepare(name, payload);
  const times = { with: [], without: [], payloadWith: [], payloadWithout: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const live of round % 2 ? [true, false] : [false, true]) {
      const { seconds, result } = await runStep(name, `${name}0`, 0, live);
      times[live ? 'with' : 'without'].push(seconds);
      times[live ? 'payloadWith' : 'payloadWithout'].push((result.payloadEnd - result.payloadStart) / 1000);
      if (live) await receiver.finish(result.execution);
      rmSync(join(root, 'live'), { recursive: true, force: true });
    }
  }
  return times;
}

try {
  for (const steps of [1, 20, 100]) {
    const { lines, median: middle, worst } = await followLatency(steps);
    console.log(
      `${String(steps).padStart(3)} steps: median ${middle.toFixed(1)} ms, worst ${worst.toFixed(0)} ms (${lines} of ${steps * LINES} lines)`,
    );
  }
  const block = join(root, 'block');
  writeFileSync(block, Buffer.from('a line of some payload, as long as they are on average\n'.repeat(19_065)));
  const cases = {
    burst: `for ((i = 0; i < 100; i++)); do cat ${block}; done`,
    lines: 'seq -f "event %.0f processed" 4300000 5000000; seq 1 12300000',
    paced: `for ((i = 0; i < 100; i++)); do cat ${block}; for ((j = 0; j < 10000; j++)); do :; done; done`,
  };
  for (const [name, payload] of Object.entries(cases)) {
    const t = await printing(name, payload);
    // the best of each: what others do on this machine only ever adds
    for (const [what, without, live] of [
      ['step', t.without, t.with],
      ['payload', t.payloadWithout, t.payloadWith],
    ]) {
      const ratio = (of) => (of(live) / of(without)).toFixed(3);
      const seconds = (list) => `${Math.min(...list).toFixed(2)} s`;
      console.log(
        `100 MB, ${name}, ${what}: ${seconds(without)} without, ${seconds(live)} with live logs; ratio of the best ` +
          `${ratio((list) => Math.min(...list))}, of the medians ${ratio(median)}`,
      );
    }
  }
} finally {
  await receiver.close();
  rmSync(root, { recursive: true, force: true });
}
