// A real HTCondor pool (collector, negotiator, schedd) for tests and measurements, inside the root of enter.mjs.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Users of the pool: two that submit jobs, and one that workers run as. */
const USERS = ['alice', 'bob', 'worker'];
/** Domain of users and of trust. */
export const DOMAIN = 'pool.test';
export const SCHEDD = 'q1@cm.test';

/** Settings of the negotiator that make its cycles as short as they can be. */
export const FAST_NEGOTIATOR = ['NEGOTIATOR_INTERVAL = 1', 'NEGOTIATOR_CYCLE_DELAY = 1', 'NEGOTIATOR_MIN_INTERVAL = 1'];

/** @param {string} dir @param {number} port @param {string[]} settings */
const configuration = (dir, port, settings) => `
RELEASE_DIR = /usr
BIN = /usr/bin
SBIN = /usr/sbin
LIB = /usr/lib/condor
LIBEXEC = /usr/libexec/condor
SHARE = /usr/share/condor
LOCAL_DIR = ${dir}
LOG = ${dir}/log
SPOOL = ${dir}/spool
LOCK = ${dir}/lock
RUN = ${dir}/run
EXECUTE = ${dir}/execute
ETC = ${dir}
use security:recommended_v9_0
SEC_PASSWORD_DIRECTORY = ${dir}/passwords.d
SEC_TOKEN_SYSTEM_DIRECTORY = ${dir}/tokens.d
CONDOR_HOST = 127.0.0.1:${port}
COLLECTOR_HOST = 127.0.0.1:${port}
NETWORK_INTERFACE = 127.0.0.1
UID_DOMAIN = ${DOMAIN}
TRUST_DOMAIN = ${DOMAIN}
DAEMON_LIST = MASTER COLLECTOR NEGOTIATOR SCHEDD
SCHEDD_NAME = q1
ENABLE_KERNEL_TUNING = false
DEFAULT_USERLOG_FORMAT_OPTIONS = ISO_DATE SUB_SECOND
ALLOW_ADVERTISE_STARTD = $(ALLOW_DAEMON) *@${DOMAIN}
MASTER_BACKOFF_CONSTANT = 1
MASTER_BACKOFF_CEILING = 10
JOB_DEFAULT_LEASE_DURATION = 30
SCHEDD_INTERVAL = 15
${settings.join('\n')}
`;

/**
 * @typedef {object} PoolOptions
 * @property {string[]} [settings] lines of the configuration; default: a fast negotiator
 * @property {string} [dir]
 * @property {number} [port] of the collector
 */

/** Starts a pool, and waits until its schedd is known to its collector. @param {PoolOptions} [options] */
export async function startPool({ settings = FAST_NEGOTIATOR, dir = '/pool', port = 9618 } = {}) {
  for (const name of ['log', 'spool', 'lock', 'run', 'execute', 'tokens.d', 'passwords.d']) {
    mkdirSync(join(dir, name), { recursive: true });
  }
  chmodSync(join(dir, 'passwords.d'), 0o700);
  const condor = idsOf('condor');
  for (const name of ['log', 'spool', 'lock', 'run', 'execute']) chownSync(join(dir, name), ...condor);
  for (const user of USERS) addUser(user);
  const config = join(dir, 'condor_config');
  writeFileSync(config, configuration(dir, port, settings));
  const pool = new Pool(dir, `127.0.0.1:${port}`, config);
  await pool.start();
  return pool;
}

/** @param {string} name */
function addUser(name) {
  try {
    idsOf(name);
  } catch {
    execFileSync('useradd', ['--create-home', '--shell', '/bin/sh', name]);
  }
}

/** @param {string} user @returns {[uid: number, gid: number]} */
export function idsOf(user) {
  const id = (/** @type {string} */ flag) =>
    Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: 'pipe' }));
  return [id('-u'), id('-g')];
}

class Pool {
  /** @type {import('node:child_process').ChildProcess | undefined} */
  #master;
  #count = 0;

  /** @param {string} dir @param {string} collector @param {string} config */
  constructor(dir, collector, config) {
    this.dir = dir;
    this.collector = collector;
    this.config = config;
    /** For the client tools of an administrator of this machine. */
    this.environment = { ...process.env, CONDOR_CONFIG: config };
  }

  /** Starts the daemons (again). */
  async start() {
    const log = openSync(join(this.dir, 'master.out'), 'a');
    const master = spawn('condor_master', ['-f'], { env: this.environment, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#master = master;
    const schedd = async () => (await this.tool('condor_status', '-schedd', '-af', 'Name')).includes(SCHEDD);
    await until('the schedd', () => schedd().catch(() => false), 60_000);
  }

  /** Ends the daemons, as an administrator does who is in a hurry; jobs that run go on until their leases end. */
  async stop() {
    const master = this.#master;
    if (!master || master.exitCode !== null || master.signalCode !== null) return;
    const ended = new Promise((resolve) => master.once('exit', resolve));
    master.kill('SIGQUIT');
    await ended;
  }

  /** Adds lines to the configuration, and makes all daemons read it. @param {string[]} lines */
  async reconfigure(...lines) {
    writeFileSync(this.config, `${readFileSync(this.config, 'utf8')}${lines.join('\n')}\n`);
    await this.tool('condor_reconfig');
  }

  /** Runs a tool as root of this machine. @param {string} command @param {string[]} args @returns {Promise<string>} stdout */
  async tool(command, ...args) {
    const { stdout } = await run(command, args, { env: this.environment, maxBuffer: 2 ** 30 });
    return stdout;
  }

  /** Runs a tool as a user. @param {string} user @param {string} command @param {string[]} args @returns {Promise<string>} stdout */
  async as(user, command, ...args) {
    const [uid, gid] = idsOf(user);
    const env = { ...this.environment, HOME: `/home/${user}`, USER: user, LOGNAME: user };
    const { stdout } = await run(command, args, { env, uid, gid, cwd: `/home/${user}`, maxBuffer: 2 ** 30 });
    return stdout;
  }

  /**
   * Writes a token for an identity of the pool.
   * @param {string} identity @param {string} file @param {string} [owner] who may read it @param {number} [seconds] its life
   */
  async token(identity, file, owner, seconds) {
    const life = seconds === undefined ? [] : ['-lifetime', `${seconds}`];
    const text = await this.tool('condor_token_create', '-identity', identity, '-key', 'POOL', ...life);
    rmSync(file, { force: true });
    writeFileSync(file, text, { mode: 0o600 });
    if (owner !== undefined) chownSync(file, ...idsOf(owner));
    return file;
  }

  /**
   * Submits jobs, `sleep 5` unless told otherwise.
   * @param {string} user @param {Record<string, string | number>} [lines] of the submit file @param {string} [queue]
   * @returns {Promise<{cluster: number, log: string}>}
   */
  async submit(user, lines = {}, queue = '1') {
    const name = `job${++this.#count}`;
    const log = `/home/${user}/${name}.log`;
    // Pools of earlier test files have left logs of the same names.
    rmSync(log, { force: true });
    const all = {
      executable: '/bin/sleep',
      arguments: 5,
      transfer_executable: 'false',
      should_transfer_files: 'yes',
      log,
      ...lines,
    };
    const text = Object.entries(all).map(([key, value]) => `${key} = ${value}\n`);
    const file = `/home/${user}/${name}.sub`;
    writeFileSync(file, `${text.join('')}queue ${queue}\n`);
    chownSync(file, ...idsOf(user));
    const said = await this.as(user, 'condor_submit', file);
    const cluster = Number(/cluster (\d+)/.exec(said)?.[1]);
    return { cluster, log };
  }

  /** Values of attributes of the jobs that are in the queue. @param {string} constraint @param {string[]} attributes */
  async jobs(constraint, ...attributes) {
    const text = await this.tool('condor_q', '-allusers', '-constraint', constraint, '-af:,', ...attributes);
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(',').map((word) => word.trim()));
  }

  /** Pids of a daemon's processes: `schedd`, `collector`, `negotiator`, `shadow`. Linux keeps 15 letters. @param {string} name */
  pidsOf(name) {
    return this.pidsNamed(`condor_${name}`);
  }

  /** @param {string} program */
  pidsNamed(program) {
    try {
      return execFileSync('pgrep', ['-x', program.slice(0, 15)], { encoding: 'utf8' })
        .split('\n')
        .filter(Boolean)
        .map(Number);
    } catch {
      return [];
    }
  }
}

/** @typedef {InstanceType<typeof Pool>} HTCondorPool */

/** Events of a job log: their number (001 execute, 005 ended, 012 held …), job and time. @param {string} log */
export function eventsOf(log) {
  let text = '';
  try {
    text = readFileSync(log, 'utf8');
  } catch {
    // No event has happened yet.
  }
  return [...text.matchAll(/^(\d{3}) \((\d+\.\d+)\.\d+\) (\S+ \S+|\S+T\S+)/gm)].map(
    ([, event = '', job = '', at = '']) => {
      return {
        event,
        job: job.replace(/^0+(?=\d)/, '').replace(/\.0+(?=\d)/, '.'),
        at: Date.parse(at.replace(' ', 'T')),
      };
    },
  );
}

/**
 * Waits until something holds, looking every 50 ms. @template Found
 * @param {string} what @param {() => Found | Promise<Found>} look @param {number} [withinMs] @returns {Promise<NonNullable<Found>>}
 */
export async function until(what, look, withinMs = 120_000) {
  for (const end = performance.now() + withinMs; ; await sleep(50)) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain for ${what}`);
  }
}
