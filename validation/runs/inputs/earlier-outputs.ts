import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { isAbsolutePlace, isXrootd, placeBelow, xrootdParts } from '../../files/places.ts';
import { InputError } from '../../input/input-error.ts';
import { stepFile } from '../../step/names.ts';
import { globMatches } from '../../workflow/glob.ts';
import type { Plan, StoredFile } from '../../workflow/plan.ts';
import { keep, readResult } from '../store/collect.ts';
import { type RunDir, replaceFile } from '../store/store.ts';

/** Number of directories that are listed in parallel, because each request to a storage server waits. */
const AT_ONCE = 8;
/** Most missing files that are listed. */
const LISTED = 20;
const XRDFS_PATIENCE_MS = 30_000;
/** Seconds that the XRootD client waits for a server; its own default is two minutes, repeated many times. */
const XRDFS_ENVIRONMENT = { XRD_CONNECTIONWINDOW: '5', XRD_CONNECTIONRETRY: '1' };

/**
 * Checks that the outputs of steps that count as done exist.
 * @returns warnings about what could not be checked
 * @throws {InputError} that lists the missing outputs
 */
export async function checkNeeds(needs: readonly StoredFile[]): Promise<string[]> {
  const below = needs.find(({ directory }) => !isAbsolutePlace(directory));
  if (below) {
    throw new InputError([
      {
        message: `${below.step} counts as done, but this run does not have its outputs: its OutputDir ${below.directory} is below the directory of the run, and a new run has no outputs\nName the run that has them: --from RUN`,
      },
    ]);
  }
  const byDirectory = new Map<string, StoredFile[]>();
  for (const need of needs) {
    const directory = need.file.includes('/') ? placeBelow(need.directory, dirname(need.file)) : need.directory;
    byDirectory.set(directory, [...(byDirectory.get(directory) ?? []), need]);
  }
  const absent = new Set<StoredFile>();
  const warnings = new Set<string>();
  const directories = [...byDirectory].reverse();
  const checkSome = async (): Promise<void> => {
    for (let next = directories.pop(); next; next = directories.pop()) {
      const [directory, wanted] = next;
      const listing = await list(directory);
      if ('unknown' in listing) warnings.add(`not checked: ${listing.unknown}`);
      else for (const need of wanted) if (!isThere(need, listing.names)) absent.add(need);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, checkSome));
  const missing = needs.filter((need) => absent.has(need));
  if (missing.length === 0) return [...warnings];
  const listed = missing
    .slice(0, LISTED)
    .map(({ step, directory, file }) => `  ${step}: ${placeBelow(directory, file)}`);
  if (missing.length > LISTED) listed.push(`  and ${missing.length - LISTED} more`);
  throw new InputError([
    {
      message: `outputs are missing of steps that count as done:\n${listed.join('\n')}\nStart at an earlier stage, or name the run that has them: --from RUN`,
    },
  ]);
}

function isThere({ file, archives }: StoredFile, names: readonly string[]): boolean {
  const name = file.slice(file.lastIndexOf('/') + 1);
  return names.some((other) => globMatches(name, other) || archives.includes(other));
}

/** Names in a directory (none if it does not exist), or why it cannot be listed. */
async function list(directory: string): Promise<{ names: string[] } | { unknown: string }> {
  if (directory.includes('$')) return { unknown: `${directory} is only known on the worker` };
  if (isXrootd(directory)) return listXrootd(directory);
  try {
    return { names: await readdir(directory) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return { names: [] };
    throw new InputError([{ message: `${directory} cannot be read: ${message}` }]);
  }
}

async function listXrootd(address: string): Promise<{ names: string[] } | { unknown: string }> {
  const { server, path, parameters } = xrootdParts(address);
  const options = { env: { ...process.env, ...XRDFS_ENVIRONMENT }, timeout: XRDFS_PATIENCE_MS, maxBuffer: 1 << 28 };
  try {
    const { stdout } = await promisify(execFile)('xrdfs', [server, 'ls', path + parameters], options);
    return { names: stdout.split('\n').map((line) => line.slice(line.lastIndexOf('/') + 1)) };
  } catch (error) {
    const { code, stderr = '' } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') return { unknown: `${address}, because xrdfs is not installed (package xrootd-client)` };
    if (/\[3011\]|no such file/i.test(stderr)) return { names: [] };
    const why = stderr.trim().split('\n').at(-1) || `the server did not answer within ${XRDFS_PATIENCE_MS / 1000} s`;
    throw new InputError([{ message: `${address} cannot be listed: ${why}` }]);
  }
}

/** `earlier.json`: the outputs that a run took from an earlier one, as paths below the run directory. */
const takenSchema = z.array(z.object({ step: z.string(), stage: z.string(), files: z.array(z.string()) }));
type Taken = z.infer<typeof takenSchema>;

const TAKEN = 'earlier.json';

/**
 * Links the outputs of an earlier run into this run, for the steps that this run does not execute. They are hard links: each
 * run stays complete if the other is removed. Outputs outside the earlier run's directory stay where they are.
 */
export function takeOutputs(from: RunDir, to: RunDir, plan: Plan): void {
  const run = new Set(plan.steps.map((step) => step.id));
  const pending = new Set(plan.pending.map(({ stage }) => stage));
  const taken = stored(from).filter(({ step, stage }) => !run.has(step) && !pending.has(stage));
  for (const { files } of taken) {
    for (const file of files) {
      mkdirSync(dirname(join(to.path, file)), { recursive: true });
      keep(join(from.path, file), join(to.path, file));
    }
  }
  replaceFile(join(to.path, TAKEN), `${JSON.stringify(taken, null, 2)}\n`);
}

function stored(run: RunDir): Taken {
  const file = join(run.path, TAKEN);
  const earlier = existsSync(file) ? takenSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : [];
  const steps = join(run.path, 'steps');
  const own = (existsSync(steps) ? readdirSync(steps) : []).flatMap((step): Taken => {
    const result = readResult(join(run.attemptDir(step, run.attempts(step).at(-1) ?? 1), 'result.json'));
    if (!result?.outputDir.startsWith(`${run.path}/`)) return [];
    const directory = relative(run.path, result.outputDir);
    return [{ step, stage: result.stage, files: result.outputs.map(({ name }) => join(directory, name)) }];
  });
  return [...earlier, ...own];
}

/** The possible places in a run of a file that one of its steps made for later stages. */
export function handedOn(run: RunDir, file: string, madeBy: string): string[] {
  const name = stepFile(madeBy, file);
  return [join(run.work, name), join(run.path, 'input', name), join(run.path, 'input', file)];
}
