// npm run bench:scan [-- --mb 1000 --rounds 3]
// Known errors looked for in logs, beside `LC_ALL=C grep -E -f` with the same texts in the same files, in turn: logs of
// which few lines match, many files and one, and logs of which every tenth line does; with the built-in rules. For the curve,
// logs of which no line matches, with the first 21 texts of the rules and with more, up to 200. Each line: seconds of both (median of the rounds, and least and most of
// them), how many times faster than grep, lines found by both, and the most memory that scanning took.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** @typedef {typeof import('../../validation/checks/rules.ts') & typeof import('../../validation/checks/scan.ts')} Checks */
/** What was built; the type checker looks at the sources. */
const parts = ['rules', 'scan'].map((name) => `../../dist/modules/validation/checks/${name}.js`);
/** @type {Checks} */
const { loadRules, scanLog } = Object.assign({}, ...(await Promise.all(parts.map((path) => import(path)))));

const { values: flags } = parseArgs({
  options: { mb: { type: 'string', default: '1000' }, rounds: { type: 'string', default: '3' } },
});
const [MB, ROUNDS] = [Number(flags.mb), Number(flags.rounds)];
/** @typedef {ReturnType<Checks['loadRules']>['logs']} LogRules */
const builtIn = loadRules().logs;
const directory = mkdtempSync(join(tmpdir(), 'relval-bench-'));
const patterns = join(directory, 'patterns');

/**
 * So many texts: the first ones of the built-in rules, and, where these are too few, others that are made like them.
 * @param {number} count @returns {LogRules}
 */
function rulesOf(count) {
  /** @type {LogRules} */
  const rules = builtIn.flatMap(({ contains, severity, anyCase }, index) =>
    contains.map((text, i) => ({ id: `r${index}-${i}`, contains: [text], severity, anyCase })),
  );
  for (let i = 0; rules.length < count; i++) {
    const { contains, ...rest } = /** @type {LogRules[number]} */ (rules[i]);
    const text = /** @type {string} */ (contains[0]);
    rules.push({ ...rest, id: `made-${i}`, contains: [`${text.slice(0, -3)}${(7919 * (i + 13)) % 1000}`] });
  }
  return rules.slice(0, count);
}

/** @param {LogRules} rules */
function writePatterns(rules) {
  const texts = rules.flatMap(({ contains, anyCase }) =>
    contains.flatMap((text) => (anyCase ? [text, text.toLowerCase(), text.toUpperCase()] : [text])),
  );
  const escaped = [...new Set(texts)].map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  writeFileSync(patterns, `${escaped.join('\n')}\n`);
  return escaped.length;
}

const DETECTORS = ['TPC', 'ITS', 'TRD', 'TOF', 'EMCAL', 'MUON', 'HMPID', 'PHOS', 'ZDC', 'VZERO', 'T0'];
let state = 1;
/** @param {number} n */
function random(n) {
  state = (16_807 * state) % 2_147_483_647;
  return state % n;
}

/** A line as simulation and reconstruction write them. */
function line() {
  const detector = DETECTORS[random(DETECTORS.length)];
  const kind = random(100);
  if (kind < 35) return `I-AliReconstruction::ProcessEvent: event ${random(10_000)}, ${random(1000)} tracks`;
  if (kind < 50)
    return `I-Ali${detector}Reconstructor::Reconstruct: Number of clusters: ${random(1e5)} in ${random(1e5) / 1e4} s`;
  if (kind < 60)
    return `W-Ali${detector}RawStream::Next: invalid header word 0x${random(2 ** 31).toString(16)} in equipment ${random(999)}`;
  if (kind < 70)
    return `D-AliCDBManager::Get: ${detector}/Calib/Pedestals local:///cvmfs/alice-ocdb.cern.ch/2010/OCDB/${detector}/Calib/Run0_999999999_v${random(9)}_s0.root`;
  if (kind < 80) return `Warning in <TClass::Init>: no dictionary for class Ali${detector}Digit is available`;
  if (kind < 92) return `Processing event ${random(1e6)} ... done, memory ${random(2e6)} kB virtual ${random(2e6)} kB`;
  return kind < 96 ? '============================================================' : '';
}

const ERRORS = [
  'Error in <TUnixSystem::FindFile>: libSTEERBase not found in path',
  'E-ProcessOutput: no histogram hPt',
  'Warning in <TTreeCache>: busy flag cleared',
];

/** @param {number} every one line of so many is an error */
function block(every) {
  const lines = Array.from({ length: 100_000 }, (_, i) => (i % every === every - 1 ? ERRORS[random(3)] : line()));
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** @param {string} name @param {number} files @param {number} megabytes @param {number} every */
function write(name, files, megabytes, every) {
  const bytes = block(every);
  return Array.from({ length: files }, (_, i) => {
    const path = join(directory, `${name}${i}.log`);
    const file = openSync(path, 'w');
    for (let left = (megabytes * 1e6) / files; left > 0; left -= bytes.length) {
      writeSync(file, bytes, 0, Math.min(left, bytes.length));
    }
    closeSync(file);
    return path;
  });
}

/** @param {() => Promise<number> | number} work */
async function timed(work) {
  const start = performance.now();
  const found = await work();
  return { seconds: (performance.now() - start) / 1000, found };
}

/** @param {readonly string[]} files @param {LogRules} rules */
async function scan(files, rules) {
  let found = 0;
  for (const file of files) {
    for (const { more = 0 } of await scanLog(file, rules, { now: Date.now() })) found += 1 + more;
  }
  return found;
}

/** @param {readonly string[]} files */
function grep(files) {
  let found = 0;
  const env = { ...process.env, LC_ALL: 'C' };
  for (const file of files) {
    try {
      found += Number(execFileSync('grep', ['-a', '-c', '-E', '-f', patterns, file], { env, encoding: 'utf8' }));
    } catch (error) {
      // Status 1: no line matches.
      if (/** @type {{status?: number}} */ (error).status !== 1) throw error;
    }
  }
  return found;
}

/** @param {{seconds: number}[]} times */
function spread(times) {
  const seconds = times.map((one) => one.seconds).sort((a, b) => a - b);
  const [least = 0, most = 0] = [seconds[0], seconds.at(-1)];
  const median = seconds[Math.floor(seconds.length / 2)] ?? 0;
  return { median, words: `${median.toFixed(2)} (${least.toFixed(2)} to ${most.toFixed(2)})` };
}

try {
  console.log(`${MB} MB, ${ROUNDS} rounds: relval [s], grep -E -f [s], times faster, lines of relval and grep, memory`);
  const few = /** @type {const} */ ([MB, 20_000]);
  const corpora = /** @type {const} */ ([
    ['built-in rules, 200 files, 1 line of 20,000 matches', 200, ...few, builtIn],
    ['built-in rules, one file, 1 line of 20,000 matches', 1, ...few, builtIn],
    ['built-in rules, one file, every 10th line matches', 1, MB / 4, 10, builtIn],
    // What a match costs is another question: the first 21 texts match no line, the first 200 match some hundreds.
    ...[21, 50, 100, 150, 200].map(
      (count) => /** @type {const} */ ([`${count} texts, one file, no line matches`, 1, MB, Infinity, rulesOf(count)]),
    ),
  ]);
  for (const [title, files, megabytes, every, rules] of corpora) {
    const paths = write('bench', files, megabytes, every);
    const count = writePatterns(rules);
    const own = [];
    const others = [];
    let memory = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const watch = setInterval(() => {
        memory = Math.max(memory, process.memoryUsage.rss());
      }, 20);
      own.push(await timed(() => scan(paths, rules)));
      clearInterval(watch);
      others.push(await timed(() => grep(paths)));
    }
    const [ours, theirs] = [spread(own), spread(others)];
    const factor = (theirs.median / ours.median).toFixed(1);
    console.log(
      `${title} (${count} for grep): ${ours.words}  ${theirs.words}  ${factor}×  ${own[0]?.found} ${others[0]?.found}  ${Math.round(memory / 1e6)} MB`,
    );
    for (const path of paths) rmSync(path);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
