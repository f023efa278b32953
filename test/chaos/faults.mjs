// What goes wrong in a round: decided by its seed alone.
import { randomOf } from '../bench/random.mjs';

/**
 * @typedef {'relval' | 'makeflow' | 'bridge' | 'worker' | 'step' | 'payload' | 'guard' | 'framework' | 'catalog' | 'any'} Victim
 * @typedef {{ what: 'kill' | 'stop', victim: Victim } | { what: 'kill-all' | 'kill-with-guard' | 'disk-full' | 'inodes-full' | 'empty-log' | 'clock-set' }} Kind
 * @typedef {Kind & { after: number, lasts: number, choice: number }} Fault after: s since the start of relval; lasts: s until
 *   what is stopped goes on, and what is full is freed; choice: 0 to 1, which one of several
 * @typedef {'local' | 'cluster'} Place
 */

/** @type {Victim[]} */
const OF_RUN = ['relval', 'makeflow', 'worker', 'step', 'payload', 'guard', 'any'];
/** @type {Record<Place, Victim[]>} */
const VICTIMS = { local: [...OF_RUN, 'bridge'], cluster: [...OF_RUN, 'framework', 'catalog'] };

/** @param {Place} place @returns {Kind[]} */
export function kindsOf(place) {
  return [
    ...VICTIMS[place].map((victim) => /** @type {Kind} */ ({ what: 'kill', victim })),
    { what: 'kill-all' },
    { what: 'kill-with-guard' },
    ...VICTIMS[place].map((victim) => /** @type {Kind} */ ({ what: 'stop', victim })),
    { what: 'disk-full' },
    { what: 'inodes-full' },
    { what: 'empty-log' },
    { what: 'clock-set' },
  ];
}

/** What the clock is set by, in s. */
const CLOCK_STEPS = [-7200, -300, 300, 7200];

/** @param {Fault} fault @returns s by which the machine's clock is set, compared with the true time */
export const clockStepOf = ({ choice }) => CLOCK_STEPS[Math.floor(choice * CLOCK_STEPS.length)] ?? 0;

/** @param {Kind} fault */
export const nameOf = (fault) => ('victim' in fault ? `${fault.what} ${fault.victim}` : fault.what);

/**
 * The first fault goes through all kinds in turn; the others, their moments and whether a payload fails by itself come by chance.
 * @param {number} seed of the round
 * @param {Place} place
 * @param {number} turn how many rounds of this place came before
 * @returns {{ faults: Fault[], bad: boolean }} in the order of their moments; bad: a payload fails by itself
 */
export function planRound(seed, place, turn) {
  const { uniform } = randomOf(seed);
  const kinds = kindsOf(place);
  const count = uniform() < 0.6 ? 1 : uniform() < 0.6 ? 2 : 3;
  const faults = Array.from({ length: count }, (_, n) => {
    const kind = kinds[n === 0 ? turn % kinds.length : Math.floor(uniform() * kinds.length)] ?? { what: 'kill-all' };
    return { ...kind, after: 0.2 + uniform() * 5, lasts: 0.5 + uniform() * 3.5, choice: uniform() };
  });
  return { faults: faults.sort((a, b) => a.after - b.after), bad: uniform() < 0.2 };
}

/**
 * @param {Victim} victim
 * @param {import('./world.mjs').Process[]} processes
 * @returns {import('./world.mjs').Process[]} those that it may be
 */
export function candidates(victim, processes) {
  const byPid = new Map(processes.map((one) => [one.pid, one]));
  const isStep = (/** @type {import('./world.mjs').Process} */ one) =>
    /relval-step\.sh /.test(one.command) && byPid.get(one.parent)?.name === 'work_queue_work';
  /** @type {(one: import('./world.mjs').Process) => boolean} */
  const below = (one) => {
    const parent = byPid.get(one.parent);
    return parent !== undefined && (isStep(parent) || below(parent));
  };
  switch (victim) {
    case 'relval':
      return processes.filter(({ command }) => /validation\/cli\/main\.js (run|resume) /.test(command));
    case 'bridge':
      return processes.filter(({ command }) => /bridge\.pl/.test(command));
    case 'makeflow':
      return processes.filter(({ name }) => name === 'makeflow');
    case 'worker':
      return processes.filter(({ name }) => name === 'work_queue_work');
    case 'framework':
      return processes.filter(({ command }) => /framework\/main\.js /.test(command));
    case 'catalog':
      return processes.filter(({ name }) => name === 'catalog_server');
    case 'guard':
      return processes.filter(({ command }) => / mesos-guard /.test(command));
    case 'step':
      return processes.filter(isStep);
    case 'payload':
      return processes.filter(below);
    case 'any':
      return processes;
  }
}
