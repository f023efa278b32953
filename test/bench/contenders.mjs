// Who starts the workers: this project's framework, Work Queue's own factory, or nobody (plain workers: the floor).
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

const FRAMEWORK = join(import.meta.dirname, '..', '..', 'dist', 'framework', 'main.js');

/**
 * @typedef {object} Room where a measurement runs
 * @property {string} dir
 * @property {string} catalog HOST:PORT
 * @property {number} workers the most that a contender may start
 */
/**
 * @typedef {object} Contender
 * @property {string} name
 * @property {(room: Room, projects: string[]) => import('node:child_process').ChildProcess[]} start before the flows
 * @property {((room: Room, port: number, count: number) => import('node:child_process').ChildProcess[])} [join] when a manager listens
 */

/**
 * A program in a process group of its own, its output in a file; it ends with this process, however that ends.
 * @param {string} command @param {string[]} args @param {string} dir @param {string} log
 */
export function launch(command, args, dir, log) {
  const out = openSync(join(dir, log), 'a');
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', command, ...args], {
    cwd: dir,
    detached: true,
    stdio: ['ignore', out, out],
    env: { ...process.env, OMPI_MCA_ess_singleton_isolated: '1' },
  });
  closeSync(out);
  return child;
}

/** @type {Contender} */
export const framework = {
  name: 'framework',
  start: ({ dir, catalog, workers }) => [
    launch(
      process.execPath,
      [
        FRAMEWORK,
        '--master',
        'local',
        '--local-cpus',
        `${workers}`,
        '--local-memory',
        `${workers * 1024}`,
        '--catalog',
        catalog,
      ],
      dir,
      'framework.log',
    ),
  ],
};

/** @param {string} name @param {string[]} flags @returns {Contender} */
function factory(name, flags) {
  return {
    name,
    start: ({ dir, catalog, workers }, projects) =>
      projects.map((project) =>
        launch(
          'work_queue_factory',
          [
            '-T',
            'local',
            '-M',
            project,
            '--catalog',
            catalog,
            '-w',
            '0',
            '-W',
            `${workers}`,
            ...flags,
            '--cores',
            '1',
            '--memory',
            '64',
            '--disk',
            '64',
          ],
          dir,
          `factory-${project}.log`,
        ),
      ),
  };
}

/** Its defaults: 5 workers a cycle of 30 s, idle ones sit for 5 minutes. */
export const factoryDefault = factory('factory, defaults', []);
/** Tuned as far as its flags go. */
export const factoryTuned = factory('factory, tuned', ['--workers-per-cycle', '48', '-t', '10']);

/** @type {Contender} */
export const floor = {
  name: 'plain workers',
  start: () => [],
  join: ({ dir }, port, count) =>
    Array.from({ length: count }, () =>
      launch(
        'work_queue_worker',
        [
          '--single-shot',
          '-t',
          '20',
          '--cores',
          '1',
          '--memory',
          '64',
          '--disk',
          '64',
          '-s',
          dir,
          '127.0.0.1',
          `${port}`,
        ],
        dir,
        'workers.log',
      ),
    ),
};
