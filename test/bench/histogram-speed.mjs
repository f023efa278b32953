// node test/bench/histogram-speed.mjs [--times 5] [--before OTHER/dist]     (--before: another build takes part)
// The cost of reading and comparing two files, beside the plain way with jsroot alone (read every object by its name, compare
// all cells), in turns: CPU seconds of all processes from start to end, and the peak of resident memory of the largest
// process; of each the median, the least and the most. Files: 1,000 histograms of 100 bins; and one list of 300
// histograms, 140 with one axis and 160 with two, whose contents are 128 MB. In both, the second file is another sample of
// the same distributions. Then the same with a copy of the first file as the second.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';
import { randomOf } from './random.mjs';

const { values } = parseArgs({ options: { times: { type: 'string', default: '5' }, before: { type: 'string' } } });
const MB = 2 ** 20;
const NOW = join(import.meta.dirname, '..', '..', 'dist');
/** @type {{ module: typeof import('../validation/histograms/root-writer.ts') }} */
const { module: writer } = await runnerImport(
  join(import.meta.dirname, '..', 'validation', 'histograms', 'root-writer.ts'),
);
const dir = mkdtempSync(join(tmpdir(), 'histogram-speed-'));

/** @param {number} seed */
function manySmall(seed) {
  const random = randomOf(seed);
  return Array.from({ length: 1000 }, (_, n) => {
    const content = new Float32Array(100);
    for (let i = 0; i < 5000; i++) {
      const bin = Math.floor(50 + 15 * random.normal());
      if (bin >= 0 && bin < 100) content[bin]++;
    }
    return { name: `h${n}`, title: 'a;p_{T} (GeV/c)', x: { bins: 100, low: 0, high: 10 }, content };
  });
}

/** Few of the many cells are filled, as in real files of this size. @param {number} seed */
function fewLarge(seed) {
  const random = randomOf(seed);
  const line = Array.from({ length: 140 }, (_, n) => {
    const content = new Float32Array(200);
    for (let i = 0; i < 5000; i++) content[Math.floor(200 * random.uniform())]++;
    return { name: `h${n}`, x: { bins: 200, low: 0, high: 1 }, content };
  });
  const plane = Array.from({ length: 160 }, (_, n) => {
    const content = new Float32Array(700 * 300);
    for (let i = 0; i < 10_000; i++) {
      const [x, y] = [Math.floor(350 + 60 * random.normal()), Math.floor(300 * random.uniform() ** 3)];
      if (x >= 0 && x < 700) content[x + 700 * y]++;
    }
    const [x, y] = [700, 300].map((bins) => ({ bins, low: 0, high: 1 }));
    return { name: `p${n}`, x, y, content };
  });
  return [...line, ...plane];
}

/** @param {string} dist a build of relval */
const compareWith = (dist) => `
import { compareFiles } from ${JSON.stringify(join(dist, 'modules', 'validation', 'histograms', 'compare-files.js'))};
const { counts } = await compareFiles(process.argv[1], [process.argv[2]], 0);
console.log(JSON.stringify(counts));`;

const PLAIN = `
import { openFile } from 'jsroot/io';
import { readFileSync } from 'node:fs';
const objects = [];
for (const path of process.argv.slice(1)) {
  const file = await openFile(new Uint8Array(readFileSync(path)).buffer);
  const found = new Map();
  for (const { fName, fClassName } of file.fKeys) {
    if (fName === 'StreamerInfo') continue;
    const object = await file.readObject(fName);
    for (const one of object.arr ?? [object]) found.set(one.fName, one);
  }
  objects.push(found);
}
const [first, second] = objects;
let same = 0;
for (const [name, one] of first) if (one.fArray.every((value, i) => value === second.get(name)?.fArray[i])) same++;
console.log(same, first.size);`;

/**
 * Runs a module in a process of its own, below a shell that tells the CPU time of all its processes.
 * @param {string} source @param {string[]} files
 */
async function run(source, files) {
  const shell = spawn(
    'bash',
    ['-c', '"$@"; times', 'bash', process.execPath, '--input-type=module', '-e', source, ...files],
    { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const peaks = new Map();
  const watch = setInterval(() => look(shell.pid, peaks), 10);
  let text = '';
  shell.stdout.on('data', (part) => {
    text += part;
  });
  await once(shell, 'close');
  clearInterval(watch);
  const lines = text.trim().split('\n');
  const spent = [...(/(\d+)m([\d.]+)s (\d+)m([\d.]+)s/.exec(lines.at(-1) ?? '')?.slice(1) ?? [])].map(Number);
  const [m1 = 0, s1 = 0, m2 = 0, s2 = 0] = spent;
  return { seconds: 60 * (m1 + m2) + s1 + s2, bytes: Math.max(...peaks.values()), said: lines[0] };
}

/** Notes the peak of memory of a process and of its children. */
function look(pid, peaks) {
  try {
    const peak = Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    peaks.set(pid, Math.max(peak, peaks.get(pid) ?? 0));
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8');
      for (const child of children.split(' ').filter(Boolean)) look(Number(child), peaks);
    }
  } catch {
    // The process has ended.
  }
}

const spread = (list, digits) => {
  const sorted = list.toSorted((a, b) => a - b);
  const [middle, least, most] = [sorted[sorted.length >> 1], sorted[0], sorted.at(-1)].map((x) => x.toFixed(digits));
  return `${middle} (${least} to ${most})`;
};

/** Compares two files in all ways, in turns. @param {string} title @param {string} first @param {string} second */
async function compare(title, first, second) {
  const sources = new Map([['jsroot', PLAIN]]);
  if (values.before) sources.set('before', compareWith(resolve(values.before)));
  sources.set('relval', compareWith(NOW));
  const results = new Map([...sources.keys()].map((name) => [name, []]));
  for (let n = 0; n < Number(values.times); n++) {
    for (const [name, source] of sources) {
      results.get(name).push(await run(source, name === 'jsroot' ? [first, second] : [second, first]));
    }
  }
  console.log(`${title}: ${results.get('relval')[0].said}`);
  const plain = results.get('jsroot');
  for (const [name, list] of results) {
    const seconds = list.map((one) => one.seconds);
    const sizes = list.map((one) => one.bytes / MB);
    const ratios = list.map((one, n) => one.seconds / plain[n].seconds);
    console.log(
      `  ${name.padEnd(8)} ${spread(seconds, 2).padEnd(24)} s of CPU   ${spread(ratios, 2)} of jsroot   ${spread(sizes, 0)} MB`,
    );
  }
}

try {
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => join(dir, `${name}.root`));
  writer.writeHistograms(a, manySmall(1), { compress: true });
  writer.writeHistograms(b, manySmall(2), { compress: true });
  writer.writeHistograms(c, fewLarge(3), { compress: true, list: 'list' });
  writer.writeHistograms(d, fewLarge(4), { compress: true, list: 'list' });
  await compare('1,000 histograms of 100 bins', a, b);
  await compare('a list of 300, 128 MB', c, d);
  await compare('1,000 histograms, the same file', a, a);
  await compare('the list, the same file', c, c);
} finally {
  rmSync(dir, { recursive: true, force: true });
}
