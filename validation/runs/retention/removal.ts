import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readRegular } from '../../files/regular-file.ts';
import { FullDisk, keepLines, type RecordedRun } from '../../history/store.ts';
import { InputError } from '../../input/input-error.ts';
import { lockRemoval, lockRun } from '../store/lock.ts';
import { isLive, type RunRecord, statusOf } from '../store/record.ts';
import { REPORT_LIMIT, RunDir, type RunStore } from '../store/store.ts';
import { decideRetention, type KeptRun, type RetentionPolicy } from './retention.ts';

/** Runs are moved to this directory before they are deleted: they disappear at once, and a crash leaves no half run. */
const TRASH = '.trash';

/** The part of a report that shows whether outputs were compared: their results are in `checks`. */
const reportSchema = z.object({ reference: z.object({ run: z.string() }), checks: z.unknown() });

/** All runs of a store, with the data that decide whether they are kept. */
export async function keptRuns(store: RunStore): Promise<KeptRun[]> {
  const runs: KeptRun[] = [];
  for (const { run, record } of store.list()) {
    runs.push({
      id: record.id,
      path: run.path,
      name: record.name,
      workflow: record.workflow,
      status: statusOf(record, run.path),
      accepted: record.accepted !== undefined,
      created: record.created,
      size: await sizeOf(run.path),
      from: record.request.from,
      reference: referenceOf(run, record),
    });
  }
  return runs;
}

/**
 * Decides which runs are removed, while no other process removes any, and removes them.
 * @param isMeant whether a run may be removed now; all runs count in the decision
 * @returns ids of the removed runs
 * @throws InputError when another process is removing runs, or is writing the history
 */
export async function removeRuns(
  store: RunStore,
  policy: RetentionPolicy,
  isMeant: (run: KeptRun) => boolean = () => true,
): Promise<string[]> {
  return whileRemoving(store, async () => {
    await emptyTrash(store);
    const going = decideRetention(await keptRuns(store), policy, Date.now())
      .filter(({ run, remove }) => remove && isMeant(run))
      .map(({ run }) => run);
    const owed = await keepHistory(store, going);
    const gone: string[] = [];
    for (const run of going) if (await removeRun(store, run)) gone.push(run.id);
    owed?.();
    return gone;
  });
}

/**
 * Makes sure that the history has the lines of runs before they are removed.
 * @returns only if the disk is full: a function that writes the lines after the runs are removed, which frees the space
 * @throws InputError when the lines cannot be written for another reason
 */
async function keepHistory(store: RunStore, going: readonly KeptRun[]): Promise<(() => void) | undefined> {
  const ids = new Set(going.map(({ id }) => id));
  const runs: RecordedRun[] = store
    .list()
    .filter(({ record }) => ids.has(record.id))
    .map(({ run, record }) => ({ path: run.path, record }));
  const keep = await keepLines(store.dir, runs);
  try {
    keep();
    return undefined;
  } catch (error) {
    if (error instanceof FullDisk) return () => keepAfter(keep, store.dir);
    throw error;
  }
}

/** @throws InputError when there is still no space */
function keepAfter(keep: () => void, dir: string): void {
  try {
    keep();
  } catch (error) {
    const message = `runs were removed, but the history in ${dir} could not keep them: ${(error as Error).message}`;
    throw new InputError([{ message }]);
  }
}

/** The run with whose outputs a run was, or will be, compared. A comparison of logs needs its reference no more. */
function referenceOf(run: RunDir, { request }: RunRecord): string | undefined {
  try {
    const report: unknown = JSON.parse(readRegular(join(run.reportDir, 'report.json'), REPORT_LIMIT));
    const { reference, checks } = reportSchema.parse(report);
    return checks === undefined ? undefined : reference.run;
  } catch {
    return request.reference;
  }
}

/** Bytes on disk; a file that is linked several times within the directory counts once. */
async function sizeOf(directory: string): Promise<number> {
  let size = 0;
  const seen = new Set<string>();
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])) {
    // A run that is under way changes while it is measured.
    const info = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    if (!info) continue;
    const inode = `${info.dev}:${info.ino}`;
    if (info.nlink > 1 && info.isFile() && seen.has(inode)) continue;
    seen.add(inode);
    size += info.blocks * 512;
  }
  return size;
}

/**
 * Calls a function while no other process removes runs of this store.
 * @throws InputError when another one does
 */
export async function whileRemoving<T>(store: RunStore, work: () => Promise<T>): Promise<T> {
  const lock = lockRemoval(store.dir);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Deletes what an interrupted removal has left. Only inside `whileRemoving`. */
export async function emptyTrash(store: RunStore): Promise<void> {
  await rm(join(store.dir, TRASH), { recursive: true, force: true });
}

/**
 * Removes a run, unless a process executes it, or a person has accepted it since the decision. It holds the lock of the run, so
 * nobody can resume the run at the same time. Call it only inside `whileRemoving`.
 * @returns whether the run was removed
 */
export async function removeRun(store: RunStore, { path, id }: Pick<KeptRun, 'path' | 'id'>): Promise<boolean> {
  const lock = lockRun(path);
  if (!lock) return false;
  let moved: string;
  try {
    if (mustStay(path)) return false;
    const trash = join(store.dir, TRASH);
    mkdirSync(trash, { recursive: true });
    moved = join(trash, `${id}-${readdirSync(trash).length}`);
    renameSync(path, moved);
  } finally {
    lock.release();
  }
  await rm(moved, { recursive: true, force: true, maxRetries: 3 });
  return true;
}

function mustStay(path: string): boolean {
  try {
    const record = new RunDir(path).readRecord();
    return record.accepted !== undefined || isLive(statusOf(record, path));
  } catch {
    return false;
  }
}
