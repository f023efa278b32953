import { constants, copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Plan } from '../../workflow/plan.ts';
import type { RunRequest } from '../store/record.ts';
import type { RunDir } from '../store/store.ts';

/** Below this directory every file has its own absolute path, so that `../x` has the same meaning in the copy. */
const TREE = 'tree';

/**
 * Copies the files from which a plan was made, and the local input files of its steps, into `input/`. People find the former there
 * under their names. Planning finds all of them in a tree. Later changes of the originals do not change the run.
 */
export function copyInputs(run: RunDir, plan: Plan): void {
  const input = join(run.path, 'input');
  mkdirSync(input, { recursive: true });
  const sent = plan.stages.flatMap((stage) => stage.inputs.flatMap((one) => (one.kind === 'sent' ? [one.source] : [])));
  for (const source of plan.sources) copy(source, join(input, basename(source)));
  for (const source of new Set([...plan.sources, ...sent])) {
    if (!isOwn(run, source)) copy(source, copyOf(run, source));
  }
}

/** The request, with the paths of the copy. */
export function requestOfCopy(run: RunDir, request: RunRequest): RunRequest {
  const { input, cwd, workflow } = request;
  return {
    ...request,
    input: copyOf(run, input),
    ...(cwd !== undefined && { cwd: copyOf(run, cwd) }),
    ...(workflow !== undefined && { workflow: copyOf(run, workflow) }),
  };
}

/** A file in the run's directory is not copied. */
function copyOf(run: RunDir, path: string): string {
  return isOwn(run, path) ? path : join(run.path, 'input', TREE, resolve(path));
}

function isOwn(run: RunDir, path: string): boolean {
  return resolve(path).startsWith(`${run.path}/`);
}

/** Of several files with the same name the first is kept. */
function copy(source: string, target: string): void {
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(source, target, constants.COPYFILE_FICLONE);
}
