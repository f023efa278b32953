// What a disturbed run must be like: its verdict is true, no step is lost, none counts twice, nothing is left over.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { candidates } from './faults.mjs';
import { HOME, RUNS } from './world.mjs';

/** @typedef {{ verdict: string, reason: string, created: number, ended: number, totals: Record<string, number> }} RunRecord */
/** @typedef {{ kind: 'wrong' | 'lost' | 'double' | 'left over', what: string }} Problem */

const SIMS = ['sim0001', 'sim0002', 'sim0003', 'sim0004'];
const STEPS = [...SIMS, 'shaky', 'merge'];
const OUTPUTS = new Map([
  ...SIMS.map((id) => /** @type {const} */ ([id, `sim/${id.slice(3)}/made.txt`])),
  ['shaky', 'shaky/made.txt'],
  ['merge', 'merge/all.txt'],
]);

export class Verdict {
  /** @type {Problem[]} */
  problems = [];
  /** Whether relval was killed, in this leg. */
  killed = false;
  /** Whether a disk was full, in this round. */
  full = false;
  /**
   * Whether the clock was set, in this round. libfaketime moves the times of files with it, so a resumed makeflow may take them
   * for modified, and repeats their steps.
   */
  clockSet = false;
  over = false;
  hopeless = false;
  /** How often relval was started. */
  #legs = 0;
  #begunAt = performance.now();
  /** Whether a payload or something of it was killed, in this round. */
  #payloadKilled = false;
  /** Steps that were broken before, and those behind them. @type {Set<string>} */
  #mayRepeat = new Set();
  /** How often payloads had begun when makeflow had them as complete. @type {Map<string, number>} */
  #complete = new Map();

  /** @param {import('./world.mjs').World} world @param {boolean} bad a payload fails by itself */
  constructor(world, bad) {
    this.world = world;
    this.bad = bad;
  }

  /** @param {string} what */
  wrong(what) {
    this.problems.push({ kind: 'wrong', what });
  }

  /** @param {string} what */
  leftOver(what) {
    this.problems.push({ kind: 'left over', what });
  }

  /** The run's directory, as it is called in there; undefined when there is none yet. */
  get run() {
    const names = readdirSync(this.world.outside(RUNS)).filter((name) => this.#exists(`${RUNS}/${name}/run.json`));
    return names[0] === undefined ? undefined : `${RUNS}/${names[0]}`;
  }

  /** @param {import('./world.mjs').Process} victim @param {import('./world.mjs').Process[]} processes */
  willKill(victim, processes) {
    const is = (/** @type {import('./faults.mjs').Victim} */ name) =>
      candidates(name, processes).some(({ pid }) => pid === victim.pid);
    if (is('relval')) this.killed = true;
    if (is('payload')) this.#payloadKilled = true;
  }

  /** @param {import('./world.mjs').Ended} ended @param {import('./faults.mjs').Fault[]} faults of this leg */
  afterLeg({ code, signal, stdout, stderr }, faults) {
    this.#legs++;
    const said = `${stderr.trim().split('\n').slice(-3).join(' / ')}`;
    const trace = /^ +at .*:\d+:\d+\)?$/m.exec(stderr + stdout);
    if (trace) this.wrong(`a stack trace: ${stderr}`);
    const killed = this.killed || signal === 'SIGKILL' || code === 137;
    if (killed && !this.killed) this.wrong(`relval ended by ${signal ?? code}, and nobody killed it: ${said}`);
    this.killed = false;
    const { run } = this;
    if (!run) {
      if (!killed && !this.full) this.wrong(`no run (status ${code}): ${said}`);
      return;
    }
    const record = this.#json(`${run}/run.json`);
    const verdict = record?.verdict;
    if (!record) this.wrong('run.json cannot be read');
    if (killed) {
      if (verdict === 'passed' || verdict === 'failed') this.over = true;
    } else if (code === 0 || code === 1) {
      this.over = true;
      if (verdict !== (code === 0 ? 'passed' : 'failed'))
        this.wrong(`status ${code}, but ${verdict}: ${record?.reason}`);
    } else if (code !== 3) {
      this.wrong(`status ${code}: ${said}`);
      this.hopeless = code === 2 && faults.length === 0;
    } else if (faults.length === 0) {
      this.wrong(`status 3, and nothing disturbed it: ${record?.reason}; ${said}`);
    } else if (verdict === 'broken' && !record.reason) this.wrong('broken without a reason');
    if (this.over) this.#checkEnd(run, record);
    else this.#checkRepeated(run);
  }

  /** @param {string} run @param {RunRecord} record */
  #checkEnd(run, record) {
    const report = this.#json(`${run}/report/report.json`);
    /** @type {{ id: string, state: string, exitStatus?: number, message?: string }[]} */
    const steps = report?.steps ?? [];
    const failed = steps.filter(({ state }) => state !== 'succeeded');
    const ids = steps.map(({ id }) => id).sort();
    for (const id of STEPS) {
      const count = ids.filter((other) => other === id).length;
      if (count === 0) this.problems.push({ kind: 'lost', what: `${id} is not in the report` });
      if (count > 1) this.problems.push({ kind: 'double', what: `${id} is ${count} times in the report` });
    }
    const blame = failed.map(({ id, state, message }) => `${id} ${state} (${message})`).join(', ');
    if (record.verdict === 'passed' && (this.bad || failed.length > 0))
      this.wrong(`passed, but ${blame || 'shaky fails'}`);
    if (record.verdict === 'failed' && !this.bad && !this.#payloadKilled)
      this.wrong(`failed: ${record.reason}; ${blame}`);
    if (this.bad && !failed.some(({ id, exitStatus }) => id === 'shaky' && exitStatus === 3) && !this.#payloadKilled)
      this.wrong(`shaky ends with 3, but: ${blame}`);
    if (failed.length === 0) this.#checkOutputs(run);
    this.#checkTimes(record, report);
    this.#checkRepeated(run);
  }

  /**
   * Nothing takes less than no time, or longer than the round, whenever the clock was set.
   * @param {RunRecord} record @param {{ steps?: { id: string, start?: number, end?: number }[] }} report
   */
  #checkTimes({ created, ended }, report) {
    const longest = performance.now() - this.#begunAt;
    const check = (/** @type {string} */ what, /** @type {number} */ ms) => {
      if (ms < 0 || ms > longest) this.wrong(`${what} took ${ms / 1000} s, in a round of ${longest / 1000} s`);
    };
    // A process that resumes a run after the clock was set has its times by the new clock.
    if (this.#legs === 1) check('the run', ended - created);
    for (const { id, start, end } of report?.steps ?? [])
      if (start !== undefined && end !== undefined) check(id, end - start);
  }

  /** What the steps stored is what their payloads made, and what the last step got is what the others stored. @param {string} run */
  #checkOutputs(run) {
    const marks = this.#text(`${HOME}/marks`).split('\n');
    const stored = SIMS.map((id) => this.#text(`${run}/${OUTPUTS.get(id)}`).trim());
    for (const [n, id] of SIMS.entries()) {
      if (stored[n] && marks.includes(`end ${id} ${stored[n]}`)) continue;
      this.problems.push({ kind: 'lost', what: `${id} stored "${stored[n]}", which it did not make` });
    }
    const merged = this.#text(`${run}/${OUTPUTS.get('merge')}`);
    if (merged !== `${[...stored].sort().join('\n')}\n`) {
      this.problems.push({ kind: 'double', what: `merge got ${merged.trim().split('\n')}, but ${stored} are stored` });
    }
    /** @type {{ type: string, step?: string, state?: string }[]} */
    const events = this.#text(`${run}/events.ndjson`)
      .split('\n')
      .flatMap((line) => {
        try {
          return [JSON.parse(line)];
        } catch {
          return [];
        }
      });
    for (const id of STEPS) {
      const ends = events.filter(
        ({ type, step, state }) => type === 'step-ended' && step === id && state === 'succeeded',
      );
      if (ends.length === 0) this.problems.push({ kind: 'lost', what: `no event says that ${id} has succeeded` });
      if (ends.length > 1 && !this.#mayRepeatAll && !this.#mayRepeat.has(id))
        this.problems.push({ kind: 'double', what: `${ends.length} events say that ${id} has succeeded` });
    }
  }

  /**
   * What makeflow had as complete must not run again. What came back of a broken step is not used, so that step and those
   * behind it are repeated.
   * @param {string} run
   */
  #checkRepeated(run) {
    if (this.#mayRepeatAll) return;
    const begun = this.#begun();
    /** @type {{ id: string, state: string }[]} */
    const steps = this.#json(`${run}/report/report.json`)?.steps ?? [];
    const broken = steps.filter(({ state }) => state === 'broken').map(({ id }) => id);
    if (broken.length > 0) for (const id of [...broken, ...STEPS.slice(SIMS.length)]) this.#mayRepeat.add(id);
    for (const [id, count] of this.#complete) {
      if ((begun.get(id) ?? 0) > count && !this.#mayRepeat.has(id))
        this.problems.push({ kind: 'double', what: `${id} was complete, and ran again (${count} → ${begun.get(id)})` });
    }
    this.#complete.clear();
    for (const line of this.#text(`${run}/work/Makeflow.0.makeflowlog`).split('\n')) {
      const id = STEPS[Number(/^\d+ (\d+) 2 /.exec(line)?.[1] ?? -1)];
      if (id !== undefined) this.#complete.set(id, begun.get(id) ?? 0);
    }
  }

  /** What a full disk has cut off is repeated. */
  get #mayRepeatAll() {
    return this.full || this.clockSet;
  }

  /** How often the payload of each step has begun. @returns {Map<string, number>} */
  #begun() {
    const counts = new Map();
    for (const [, id] of this.#text(`${HOME}/marks`).matchAll(/^begin (\S+)/gm))
      counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  }

  /** @param {ReturnType<import('./world.mjs').World['places']>} before @param {ReturnType<import('./world.mjs').World['places']>} after */
  checkPlaces(before, after) {
    for (const socket of after.sockets) if (!before.sockets.includes(socket)) this.leftOver(`socket ${socket}`);
    const placeOf = (/** @type {string} */ mount) => mount.split(' ')[1] ?? '';
    const known = before.mounts.map(placeOf);
    // Others of this machine may mount what they like elsewhere.
    const added = after.mounts.map(placeOf).filter((place) => place.startsWith(HOME) && !known.includes(place));
    for (const place of added) this.leftOver(`mount ${place}`);
  }

  /** What only a run that goes on may have on the disk. @param {import('./faults.mjs').Place} place */
  checkFiles(place) {
    for (const path of this.world.list('/tmp')) {
      if (path !== '/tmp/world' && !path.startsWith('/tmp/world/')) this.leftOver(`temporary file ${path}`);
    }
    const { run } = this;
    for (const path of run ? this.world.list(run) : []) {
      const name = path.slice((run ?? '').length + 1);
      const isSandbox = /^local\/agent\/[^/]+\/[^/]+\/(?!stdout$|stderr$)/.test(name);
      const isSecret = /^local\/(password|framework-url)$|^local\/framework\/address$|INFO\.json$/.test(name);
      const isPart = /(^|\/)\.(sim|shaky|merge)[^/]*$|\.(tmp|new|part)$/.test(name);
      if (isSandbox || isSecret || isPart) this.leftOver(`file ${name}`);
    }
    if (place === 'cluster') {
      for (const path of this.world.list(`${HOME}/framework`)) {
        if (/\/(?:worker-\d|t\.\d|relval-step)/.test(path)) this.leftOver(`file ${path}`);
      }
    }
  }

  /** @param {string} path */
  #exists(path) {
    return existsSync(this.world.outside(path));
  }

  /** @param {string} path */
  #text(path) {
    try {
      return readFileSync(this.world.outside(path), 'utf8');
    } catch {
      return '';
    }
  }

  /** @param {string} path */
  #json(path) {
    try {
      return JSON.parse(this.#text(path));
    } catch {
      return undefined;
    }
  }
}
