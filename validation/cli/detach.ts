import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { handedOn } from '../runs/inputs/earlier.ts';
import { requestOfCopy } from '../runs/inputs/input-copy.ts';
import { RunJournal } from '../runs/store/journal.ts';
import { inheritedLock, type RunLock } from '../runs/store/lock.ts';
import { thisProcess } from '../runs/store/record.ts';
import { RunDir } from '../runs/store/store.ts';
import { type CarryOutOptions, carryOut, clusterOptions, planAgain } from './carry-out.ts';
import { CARRY, defineCommand } from './command.ts';
import { containersFor } from './containers.ts';

/** What a run in the background says. */
const OUTPUT = 'relval.log';
/** In the child, the run's lock. */
const LOCK_FD = 3;
const LOOK_MS = 50;

/**
 * Hands a prepared run over to a process of its own session, with the run's lock, and waits until its steps can run. What
 * keeps it from that is told here, with its exit status.
 */
export async function detach(run: RunDir, lock: RunLock, options: CarryOutOptions): Promise<void> {
  const log = join(run.path, OUTPUT);
  const output = openSync(log, 'w');
  const flags = [
    ...(options.localCpus === undefined ? [] : ['--local-cpus', String(options.localCpus)]),
    ...(options.localMemory === undefined ? [] : ['--local-memory', String(options.localMemory)]),
    ...(options.config === false
      ? ['--no-config']
      : typeof options.config === 'string'
        ? ['--config', options.config]
        : []),
    ...(options.page === undefined ? [] : ['--page', options.page]),
    ...(options.jira === undefined ? [] : ['--jira', options.jira]),
    ...(options.notify ? [] : ['--no-notify']),
    ...(options.notifyDryRun ? ['--notify-dry-run'] : []),
  ];
  const command = [...process.execArgv, process.argv[1] as string, CARRY, run.path, ...flags];
  const child = spawn(process.execPath, command, {
    detached: true,
    stdio: ['ignore', output, output, lock.fd],
  });
  closeSync(output);
  let ended: number | undefined;
  child.once('exit', (code) => {
    ended = code ?? 1;
  });
  while (ended === undefined) {
    const { process: carrier, state } = run.readRecord();
    if (carrier.pid === child.pid && state !== 'preparing') break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  lock.release();
  child.unref();
  const { id } = run.readRecord();
  if (ended !== undefined) {
    process.stderr.write(readFileSync(log, 'utf8'));
    process.exitCode = ended;
    return;
  }
  // It serves the page before its steps can run.
  const [, page] = /^page: (.+)$/m.exec(readFileSync(log, 'utf8')) ?? [];
  if (options.json) console.log(JSON.stringify({ id, directory: run.path, pid: child.pid, page }));
  else {
    console.log(
      `${id} runs in the background, in ${run.path}\n${page === undefined ? '' : `  page: ${page}\n`}` +
        `  relval status ${id} --follow\n  relval logs ${id} STEP --follow\n  relval stop ${id}`,
    );
  }
}

/** What `detach` starts: not for users. */
export const carryCommand = defineCommand(
  (command) => clusterOptions(command).positional('directory', { type: 'string', demandOption: true }),
  async ({ directory, ...options }) => {
    const run = new RunDir(directory);
    const record = run.readRecord();
    const again = planAgain(requestOfCopy(run, record.request), run, (file, madeBy) => handedOn(run, file, madeBy));
    const journal = new RunJournal(run, { ...record, process: thisProcess() });
    const lock = inheritedLock(LOCK_FD);
    const plan = again({});
    const containers = await containersFor(record.request, plan, run.path);
    await carryOut({ journal, lock, plan, again, containers }, options);
  },
);
