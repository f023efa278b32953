// One round: a real run, with makeflow and workers, is started and disturbed; it is resumed until it is over, and judged.
import { existsSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { candidates, clockStepOf, nameOf, planRound } from './faults.mjs';
import { Verdict } from './verdict.mjs';
import { CHECKOUT, HOME, RUNS, World } from './world.mjs';

const RELVAL = [process.execPath, join(CHECKOUT, 'dist', 'validation', 'cli', 'main.js')];
const FRAMEWORK_DIR = 'mesos-workqueue-framework-';
const FRAMEWORK = [process.execPath, join(CHECKOUT, 'dist', 'framework', 'main.js')];
const CATALOG = '127.0.0.1:9097';
/** s: far more than anything takes on a busy machine. Only what hangs takes longer. */
const RUN_S = 240;
const END_S = 60;
/** s until whoever watches over services starts one that has ended. */
const RESTART_S = 1;
/** A run that is not over by then never will be. */
const MOST_LEGS = 8;

const PAYLOAD = `#!/bin/bash
# Usage: payload.sh STEP SECONDS/10 STATUS: leaves a mark when it begins and when it ends, outside of what is disturbed, and
# the same mark in its output. What it starts beside it tries to outlive it.
mark=$(cat /proc/sys/kernel/random/uuid)
echo "begin $1 $mark" >>${HOME}/marks
(setsid sleep 1001 &)
(env -i setsid sleep 1002 &)
for ((n = 0; n < $2; n++)); do echo "line $n"; sleep 0.1; done
echo "$mark" >made.txt || exit 9
echo "end $1 $mark" >>${HOME}/marks
exit $3
`;

/** @param {boolean} bad */
const workflow = (bad) => `name: chaos
defaults: { resources: { memory: 64, disk: 64 } }
stages:
  - name: sim
    each: { jobs: 1-4 }
    executable: payload.sh
    inputs: [payload.sh]
    arguments: sim000#alien_counter# 8 0
    outputs: [made.txt]
  - name: shaky
    after: [sim]
    executable: payload.sh
    inputs: [payload.sh]
    arguments: shaky 3 ${bad ? 3 : 0}
    jdl: { EnvironmentCommand: "mkdir ${HOME}/shaken && exit 1; true" }
    outputs: [made.txt]
  - name: merge
    after: [sim, shaky]
    inputs: [{ made: made.txt, of: sim }]
    command: 'echo "begin merge -" >>${HOME}/marks; sort *made.txt >all.txt; sleep 0.3'
    outputs: [all.txt]
`;

/**
 * @typedef {{ seed: number, place: import('./faults.mjs').Place, turn: number, keep: string | undefined }} Task
 * @typedef {{ task: Task, faults: string[], problems: import('./verdict.mjs').Problem[], seconds: number, slowestEnd: number, legs: string[] }} Outcome
 */

/** @param {Task} task @returns {Promise<Outcome>} */
export async function runRound(task) {
  const begun = performance.now();
  const { faults, bad } = planRound(task.seed, task.place, task.turn);
  const world = await World.start(faults.some(({ what }) => what === 'clock-set'));
  const round = new Round(world, task, bad);
  try {
    await round.run(faults);
  } catch (error) {
    round.verdict.wrong(`the tool: ${error instanceof Error ? error.stack : error}`);
  } finally {
    const { problems } = round.verdict;
    if (problems.length > 0 && task.keep !== undefined) {
      const place = join(task.keep, `${task.seed}`);
      world.keep(place);
      writeFileSync(join(place, 'problems.txt'), [...round.legs, ...problems.map(({ what }) => what), ''].join('\n'));
    }
    await world.end();
  }
  return {
    task,
    faults: [...faults.map(nameOf), ...(bad ? ['bad payload'] : [])],
    problems: round.verdict.problems,
    seconds: (performance.now() - begun) / 1000,
    slowestEnd: round.slowestEnd,
    legs: round.legs,
  };
}

class Round {
  /** What happened, for who reads it. @type {string[]} */
  legs = [];
  /** s that it took at most until nothing was left. */
  slowestEnd = 0;
  /** @type {ReturnType<World['start']>[]} */
  #services = [];
  #watching = true;
  /** ms since 1970, of the last one. */
  #frameworkStartedAt = 0;

  /** @param {World} world @param {Task} task @param {boolean} bad */
  constructor(world, task, bad) {
    this.world = world;
    this.task = task;
    this.verdict = new Verdict(world, bad);
  }

  /** @param {import('./faults.mjs').Fault[]} faults */
  async run(faults) {
    const { world, task, verdict } = this;
    const home = world.outside(HOME);
    writeFileSync(join(home, 'marks'), '');
    writeFileSync(join(home, 'payload.sh'), PAYLOAD, { mode: 0o755 });
    writeFileSync(join(home, 'workflow.yaml'), workflow(verdict.bad));
    writeFileSync(join(home, 'password'), 'open sesame', { mode: 0o600 });
    const places = world.places();
    if (task.place === 'cluster') this.#startServices();
    let left = [...faults];
    for (let leg = 0; ; leg++) {
      if (leg === MOST_LEGS) {
        verdict.wrong(`not over after ${MOST_LEGS} starts`);
        break;
      }
      left = await this.#leg(left);
      if (verdict.over || verdict.hopeless) break;
    }
    await this.#stopServices();
    await this.#expectNothing('at the end', () => true);
    verdict.checkPlaces(places, world.places());
    verdict.checkFiles(task.place);
  }

  /**
   * Starts or resumes the run, and disturbs it. @param {import('./faults.mjs').Fault[]} faults
   * @returns {Promise<import('./faults.mjs').Fault[]>} those whose moment did not come
   */
  async #leg(faults) {
    const { world, task, verdict } = this;
    const where =
      task.place === 'local'
        ? ['--local', '--local-cpus', '2', '--local-memory', '2500']
        : ['--catalog', CATALOG, '--password', `${HOME}/password`, '--log-address', '127.0.0.1'];
    const { run } = verdict;
    const words = run
      ? ['resume', run, ...(task.place === 'local' ? where.slice(1) : [])]
      : ['run', `${HOME}/workflow.yaml`, ...where, '--no-check'];
    const relval = world.start([...RELVAL, ...words, '--runs', RUNS, '--no-config']);
    const begun = performance.now();
    /** @type {import('./faults.mjs').Fault[]} */
    const done = [];
    /** @type {Promise<void>[]} */
    const pending = [];
    for (const fault of faults) {
      while (!relval.over() && performance.now() - begun < fault.after * 1000) await sleep(20);
      if (relval.over()) break;
      if (await this.#inject(fault, relval.over, pending)) done.push(fault);
    }
    const ended = await Promise.race([relval.ended, sleep(RUN_S * 1000, undefined, { ref: false })]);
    await Promise.all(pending);
    world.free();
    if (!ended) {
      const alive = world.processes().map(({ command }) => command);
      verdict.wrong(`hangs: ${relval.said().trim().split('\n').at(-1)}; ${alive.join(' | ')}`);
      verdict.hopeless = true;
      for (const { pid } of world.processes()) kill(pid, 'SIGKILL');
      return [];
    }
    this.legs.push(`${words[0]}: status ${ended.code ?? ended.signal} after ${ended.seconds.toFixed(1)} s`);
    // A service that was killed may be started again at any moment.
    const isService = (/** @type {import('./world.mjs').Process} */ one) =>
      ['framework', 'catalog'].some((name) => candidates(/** @type {'framework'} */ (name), [one]).length > 0);
    await this.#expectNothing('after the run', (one) => !isService(one) && !/mesos-guard/.test(one.command));
    verdict.afterLeg(ended, done);
    return faults.filter((fault) => !done.includes(fault));
  }

  /**
   * @param {import('./faults.mjs').Fault} fault @param {() => boolean} over
   * @param {Promise<void>[]} pending gets what has to be waited for
   * @returns {Promise<boolean>} whether there was what it is about
   */
  async #inject(fault, over, pending) {
    const { world, verdict, task } = this;
    const later = (/** @type {() => void} */ act) => void pending.push(sleep(fault.lasts * 1000).then(act));
    const note = (/** @type {string} */ text) => this.legs.push(`${fault.after.toFixed(2)} s: ${text}`);
    switch (fault.what) {
      case 'disk-full':
      case 'inodes-full':
        world.fill(fault.what === 'disk-full' ? 'space' : 'inodes');
        // Half of them go away by themselves, the others when relval has ended.
        note(`${fault.what} ${fault.choice < 0.5 ? `for ${fault.lasts.toFixed(1)} s` : 'until the end'}`);
        if (fault.choice < 0.5) later(() => world.free());
        verdict.full = true;
        return true;
      case 'clock-set':
        world.setClock(clockStepOf(fault));
        verdict.clockSet = true;
        note(`the clock is set by ${clockStepOf(fault)} s`);
        return true;
      case 'kill-with-guard': {
        // Who starts workers, and the process that is to end them when it is gone.
        const owner = task.place === 'local' ? 'relval' : 'framework';
        const pids = [...this.#pidsOf('guard'), ...this.#pidsOf(owner)];
        for (const pid of pids) kill(pid, 'SIGKILL');
        note(`kill ${pids.length} processes: guard and ${owner}`);
        if (task.place === 'local') verdict.killed = true;
        return true;
      }
      case 'empty-log':
      case 'kill-all': {
        for (const { pid } of world.processes()) kill(pid, 'SIGKILL');
        // What was born meanwhile.
        for (const { pid } of world.processes()) kill(pid, 'SIGKILL');
        note(fault.what);
        verdict.killed = true;
        const log = verdict.run && join(world.outside(verdict.run), 'work', 'Makeflow.0.makeflowlog');
        if (fault.what === 'empty-log' && log && existsSync(log)) truncateSync(log);
        return true;
      }
    }
    let victim;
    while (!victim && !over()) {
      const all = candidates(fault.victim, world.processes());
      victim = all[Math.floor(fault.choice * all.length)];
      if (!victim) await sleep(20);
    }
    if (!victim) return false;
    note(`${fault.what} ${fault.victim}: ${victim.command.slice(0, 100)}`);
    if (fault.what === 'stop') {
      const { pid } = victim;
      kill(pid, 'SIGSTOP');
      later(() => world.wake(pid));
      return true;
    }
    verdict.willKill(victim, world.processes());
    kill(victim.pid, 'SIGKILL');
    return true;
  }

  /** Waits until nothing is left. @param {string} when @param {(one: import('./world.mjs').Process) => boolean} counts */
  async #expectNothing(when, counts) {
    const begun = performance.now();
    for (;;) {
      const left = this.world.processes().filter(counts);
      const seconds = (performance.now() - begun) / 1000;
      if (left.length === 0) {
        this.slowestEnd = Math.max(this.slowestEnd, seconds);
        return;
      }
      if (seconds > END_S) {
        this.verdict.leftOver(
          `${when}, after ${END_S} s: ${left.map(({ command, name }) => command || name).join(' | ')}`,
        );
        for (const { pid } of left) kill(pid, 'SIGKILL');
        return;
      }
      await sleep(50);
    }
  }

  /** @param {import('./faults.mjs').Victim} victim */
  #pidsOf(victim) {
    return candidates(victim, this.world.processes()).map(({ pid }) => pid);
  }

  /** Those that somebody watches over on a cluster, and starts again when they have ended. */
  #startServices() {
    const port = CATALOG.split(':')[1] ?? '';
    const history = ['-H', `${HOME}/history`, '-l', '1800'];
    const catalog = [
      'catalog_server',
      '-I',
      '127.0.0.1',
      '-p',
      port,
      '-n',
      'localhost',
      '-u',
      '127.0.0.1:1',
      ...history,
    ];
    const pool = ['--cores', '1', '--memory', '256', '--disk', '256', '--idle', '1'];
    const local = [
      '--master',
      'local',
      '--local-cpus',
      '2',
      '--local-memory',
      '2500',
      '--state-dir',
      `${HOME}/framework`,
    ];
    const framework = [...FRAMEWORK, ...local, '--catalog', CATALOG, '--password', `${HOME}/password`, ...pool];
    this.#watchOver(catalog);
    this.#watchOver(framework);
  }

  /** @param {string[]} words */
  async #watchOver(words) {
    while (this.#watching) {
      if (words.includes('--master')) this.#frameworkStartedAt = Date.now();
      const service = this.world.start(words);
      this.#services.push(service);
      const { code, stderr } = await service.ended;
      if (this.#watching && /^ +at .*:\d+:\d+\)?$/m.test(stderr))
        this.verdict.wrong(`${words[1]} (${code}) said: ${stderr}`);
      await sleep(RESTART_S * 1000);
    }
  }

  /** A framework that was killed leaves its directory in /tmp; the one that is started in its place removes it. */
  async #awaitRestart() {
    const tmp = this.world.outside('/tmp');
    const isRestarted = () => {
      const [own, ...others] = readdirSync(tmp).filter((name) => name.startsWith(FRAMEWORK_DIR));
      if (own === undefined || others.length > 0 || this.#pidsOf('framework').length === 0) return false;
      // It has written its address: then it has removed what others left.
      const address = statSync(join(tmp, own, 'address'), { throwIfNoEntry: false });
      return address !== undefined && address.mtimeMs > this.#frameworkStartedAt;
    };
    for (let n = 0; n < END_S * 10 && !isRestarted(); n++) await sleep(100);
  }

  async #stopServices() {
    if (this.task.place === 'cluster') await this.#awaitRestart();
    this.#watching = false;
    for (const name of /** @type {const} */ (['framework', 'catalog'])) {
      for (const pid of this.#pidsOf(name)) kill(pid, 'SIGTERM');
    }
    await Promise.all(
      this.#services.map(({ ended }) => Promise.race([ended, sleep(END_S * 1000, undefined, { ref: false })])),
    );
    // Once more, for one that was just being started.
    for (const name of /** @type {const} */ (['framework', 'catalog'])) {
      for (const pid of this.#pidsOf(name)) kill(pid, 'SIGTERM');
    }
  }
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has just ended.
  }
}
