import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputError } from '../input/input-error.ts';
import { handedOn } from '../runs/inputs/earlier.ts';
import { requestOfCopy } from '../runs/inputs/input-copy.ts';
import { readSecrets } from '../runs/inputs/secrets.ts';
import { RunJournal } from '../runs/store/journal.ts';
import { lockRun, type RunLock } from '../runs/store/lock.ts';
import { isAlive, type RunRecord, statusOf, thisProcess } from '../runs/store/record.ts';
import { lackOfSpace } from '../runs/store/space.ts';
import { type RunDir, RunStore } from '../runs/store/store.ts';
import { quote } from '../step/shell-words.ts';
import { carryOut, checkTools, clusterOptions, planAgain } from './carry-out.ts';
import { defineCommand } from './command.ts';
import { containersFor, provideContainers } from './containers.ts';
import { detach } from './detach.ts';
import { namedRunArgument } from './inspect.ts';

/** Of a run that was killed makeflow goes a little later, and must not be there twice: it sees its end within 5 s. */
const PATIENCE_S = 15;
/** A run that is stopped cancels its jobs and judges what there is. */
const STOP_S = 60;

export const resumeCommand = defineCommand(
  (command) => clusterOptions(namedRunArgument(command)),
  async (args) => {
    checkTools();
    const run = new RunStore(args.runs).find(args.run);
    checkResumable(run.readRecord());
    const lock = lockToResume(run);
    const record = run.readRecord();
    checkResumable(record);
    checkPlace(run, record);
    const full = lackOfSpace(run.path);
    if (full) throw new InputError([{ message: full.message }]);
    readSecrets(record.request.secrets ?? []);
    const again = planAgain(requestOfCopy(run, record.request), run, (file, madeBy) => handedOn(run, file, madeBy));
    const plan = again({});
    const containers = await containersFor(record.request, plan, run.path);
    const obstacle = containers && (await provideContainers(containers));
    if (obstacle !== undefined) throw new InputError([{ message: obstacle }]);
    const { verdict: _verdict, reason: _reason, ended: _ended, ...rest } = record;
    const journal = new RunJournal(run, { ...rest, state: 'preparing', process: thisProcess() });
    journal.add({ type: 'resumed', pid: process.pid });
    if (args.detach) await detach(run, lock, args);
    else await carryOut({ journal, lock, plan, again, containers }, args);
  },
);

/** @throws InputError */
function checkResumable(record: RunRecord): void {
  const status = statusOf(record);
  if (status === 'interrupted' || status === 'broken') return;
  throw new InputError([{ message: `${record.id} is ${status}: only interrupted and broken runs are resumed` }]);
}

/** @throws InputError it was moved or copied: its steps would store what they make in the old place */
function checkPlace(run: RunDir, { id, directory }: RunRecord): void {
  if (directory === undefined || isSame(directory, run.path)) return;
  const message = `${id} was begun in ${directory}, and its steps store what they make below that`;
  const advice = existsSync(directory)
    ? `${run.path} is a copy: resume the other one`
    : `move it back, or keep it where it is and let the old name lead there\n  ln -s ${quote(run.path)} ${quote(directory)}`;
  throw new InputError([{ message: `${message}\n${advice}` }]);
}

/** Whether two paths, which may be links, lead to the same directory. */
function isSame(path: string, other: string): boolean {
  const [one, two] = [path, other].map((name) => statSync(name, { throwIfNoEntry: false }));
  return one !== undefined && one.ino === two?.ino && one.dev === two.dev;
}

/** @throws InputError somebody else is at it */
function lockToResume(run: RunDir): RunLock {
  const lock = lockRun(run.path) ?? (isAlive(run.readRecord().process) ? undefined : lockRun(run.path, PATIENCE_S));
  if (lock) return lock;
  const { id, process: carrier } = run.readRecord();
  const by = isAlive(carrier) ? `process ${carrier.pid} on ${carrier.host} carries it` : 'its makeflow still runs';
  throw new InputError([{ message: `${id} cannot be resumed: ${by}` }]);
}

export const stopCommand = defineCommand(
  (command) => namedRunArgument(command),
  async (args) => {
    const run = new RunStore(args.runs).find(args.run);
    const record = run.readRecord();
    if (record.state === 'ended' || !isAlive(record.process)) {
      throw new InputError([{ message: `${record.id} does not run: it is ${statusOf(record)}` }]);
    }
    signal(record, run);
    console.error(`${record.id} is told to stop, and judges what there is`);
    for (let waited = 0; isAlive(record.process); waited += 100) {
      if (waited >= STOP_S * 1000) throw new InputError([{ message: stillRuns(record.id) }]);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const status = statusOf(run.readRecord());
    const resumable = status === 'interrupted' || status === 'broken';
    console.log(`${record.id} is stopped: ${status}${resumable ? `\n  relval resume ${record.id}` : ''}`);
  },
);

function stillRuns(id: string): string {
  return `${id} was told to stop, and still runs after ${STOP_S} s\n  relval status ${id} --follow   shows when it has ended\n  relval stop ${id}   once more ends it at once, without a report`;
}

/** @throws InputError it is out of reach */
function signal({ id, process: { pid, host } }: RunRecord, run: RunDir): void {
  const { host: here } = thisProcess();
  if (host !== here) {
    const there = `ssh ${host} relval stop ${id} --runs ${dirname(run.path)}`;
    throw new InputError([{ message: `${id} runs on ${host}, not here: stop it there\n  ${there}` }]);
  }
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // It has ended by itself just now.
    if (code === 'ESRCH') return;
    const why = code === 'EPERM' ? `it belongs to ${ownerOf(pid)}, who can stop it` : message;
    throw new InputError([{ message: `${id}, process ${pid}, cannot be stopped by you: ${why}` }]);
  }
}

function ownerOf(pid: number): string {
  const { stdout } = spawnSync('stat', ['-c', '%U', `/proc/${pid}`], { encoding: 'utf8' });
  return stdout?.trim() || 'another user';
}
