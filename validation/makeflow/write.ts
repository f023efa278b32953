import { constants } from 'node:fs';
import { access, chmod, copyFile, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { TOKEN_FILE } from '../htcondor/submission.ts';
import { TOKEN_VARIABLE } from '../step/names.ts';
import { type StageFileOptions, stageFile, stepLine } from '../step/stage-file.ts';
import { stepScript } from '../step/step-script.ts';
import type { Plan, Stage, Step } from '../workflow/plan.ts';
import { stageFileName, stepsFileName } from './aliases.ts';
import { type Phase, placedFiles, preparePhase } from './phase.ts';
import { makeflowText, PATTERNS, SCRIPT } from './rules.ts';

export interface WriteOptions extends Omit<StageFileOptions, 'alias' | 'makers'> {
  /** Fixed texts that are errors where a log contains them. */
  patterns: readonly string[];
  /** Variables of makeflow's environment that steps get. */
  exports?: readonly string[];
  /** A step's token. If there is one, only the owner may read the directory and the Makeflow file. */
  tokenOf?: (step: string) => string;
  /** Variables and tokens come to steps in files, since everybody can read the environment of a job. @default false */
  inFiles?: boolean;
}

/** A Makeflow file that was written. */
export interface WrittenMakeflow {
  phase: number;
  /** Its name in the directory. */
  file: string;
  /** By makeflow's node number; nodes beyond them are joins, not steps. */
  steps: Step[];
}

/** Unusable input, a directory that cannot be written, a missing tool. The message says what, where, and what to do. */
export class MakeflowError extends Error {
  override name = 'MakeflowError';
}

/**
 * Writes everything that makeflow needs to run a plan: `Makeflow.<phase>`, the step script, the stage files, the inputs
 * that are sent with steps, the known errors.
 * All or nothing: a new (or empty) directory appears with all files in it or not at all. A later phase is written to
 * the directory of the earlier ones, its Makeflow file last.
 * @param phase only this one; without it, all phases before the first with a stage whose steps are not known
 * @throws {MakeflowError | RangeError | ShellTextError} for a plan, an input or a directory that cannot be used
 */
export async function writeMakeflow(
  plan: Plan,
  directory: string,
  phase: number | undefined,
  options: WriteOptions,
): Promise<WrittenMakeflow[]> {
  const target = resolve(directory);
  const later = await holdsEarlierPhase(target, phase ?? 0);
  const phases = (phase === undefined ? knownPhases(plan) : [phase]).map((number) => preparePhase(plan, number));
  await mkdir(dirname(target), { recursive: true });
  const draft = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    await writeText(join(draft, SCRIPT), await stepScript());
    await chmod(join(draft, SCRIPT), 0o755);
    await writeText(join(draft, PATTERNS), lines(options.patterns.filter((pattern) => pattern !== '')));
    for (const one of phases) await writePhase(draft, one, options);
    if (!options.tokenOf) await chmod(draft, 0o777 & ~process.umask());
    if (later) await moveInto(target, draft);
    else await rename(draft, target);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
  return phases.map(({ number, steps, planned }) => ({
    phase: number,
    file: `Makeflow.${number}`,
    steps: steps.slice(0, planned),
  }));
}

/** The phases whose steps are all known: a later stage may list the steps of one that is not known yet. */
function knownPhases({ phases, pending, stages, steps }: Plan): number[] {
  const unknown = new Set(pending.map(({ stage }) => stages.find(({ name }) => name === stage)?.phase));
  const first = Math.min(phases, ...[...unknown].map((phase) => phase ?? phases));
  return [...Array(first).keys()].filter((n) => steps.some((step) => step.stage.phase === n));
}

async function holdsEarlierPhase(target: string, phase: number): Promise<boolean> {
  const entries = await readdir(target).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw new MakeflowError(`${target} cannot be written (${error.code}). Name another directory`);
  });
  if (entries.length === 0) return false;
  if (phase > 0 && entries.includes(`Makeflow.${phase - 1}`)) return true;
  throw new MakeflowError(`${target} is not empty. Name a new directory, or empty this one`);
}

async function writePhase(draft: string, phase: Phase, options: WriteOptions): Promise<void> {
  const bySteps = new Map<Stage, Step[]>(phase.stages.map((stage) => [stage, []]));
  for (const step of phase.steps) bySteps.get(step.stage)?.push(step);
  const withList = new Set<Stage>();
  for (const [stage, steps] of bySteps) {
    const shared = steps.every((step) => step.after === steps[0]?.after);
    const waits = shared && steps[0] ? phase.waitsOf(steps[0]) : [];
    const text = stageFile(stage, waits, {
      ...options,
      alias: (input) => phase.aliases.alias(input),
      makers: phase.makersOf(stage),
    });
    await writeText(join(draft, stageFileName(stage)), [text]);
    const ownWaits = shared ? () => [] : phase.waitsOf;
    if (!steps.some((step) => stepLine(step, ownWaits(step)))) continue;
    withList.add(stage);
    await writeText(join(draft, stepsFileName(stage)), stepLines(steps, ownWaits));
  }
  for (const file of placedFiles(phase)) {
    const path = join(draft, file.alias);
    if ('lines' in file) await writeText(path, lines(file.lines()));
    else await copyInput(file.source, path);
  }
  const { exports = [], tokenOf, inFiles = false } = options;
  if (inFiles && tokenOf) {
    for (const { id } of phase.steps)
      await writeText(join(draft, `${TOKEN_FILE}${id}`), [`${TOKEN_VARIABLE}=${tokenOf(id)}\n`], 0o600);
  }
  await writeText(
    join(draft, `Makeflow.${phase.number}`),
    makeflowText(phase, (stage) => withList.has(stage), { exports, tokenOf, inFiles }),
    tokenOf && 0o600,
  );
}

/** Every step has a line, so that a missing line is an error and not a step without data. */
function* stepLines(steps: readonly Step[], waitsOf: Phase['waitsOf']): Generator<string> {
  for (const step of steps) yield stepLine(step, waitsOf(step)) ?? `${step.id} :\n`;
}

function* lines(texts: Iterable<string>): Generator<string> {
  for (const text of texts) yield `${text}\n`;
}

async function copyInput(source: string, path: string): Promise<void> {
  const info = await stat(source).catch(() => undefined);
  if (!info?.isFile()) throw new MakeflowError(`input file ${source} ${info ? 'is not a file' : 'does not exist'}`);
  await access(source, constants.R_OK).catch(() => {
    throw new MakeflowError(`input file ${source} cannot be read. Check its permissions`);
  });
  await copyFile(source, path, constants.COPYFILE_FICLONE);
}

/** In pieces of about a megabyte. */
async function writeText(path: string, texts: Iterable<string>, mode?: number): Promise<void> {
  const file = await open(path, 'w', mode);
  try {
    let pending: string[] = [];
    let length = 0;
    for (const text of texts) {
      pending.push(text);
      length += text.length;
      if (length < 1 << 20) continue;
      await file.appendFile(pending.join(''));
      pending = [];
      length = 0;
    }
    await file.appendFile(pending.join(''));
  } finally {
    await file.close();
  }
}

/** Written last, because makeflow is started on a file that exists. */
async function moveInto(target: string, draft: string): Promise<void> {
  const names = (await readdir(draft)).sort(
    (a, b) => Number(a.startsWith('Makeflow.')) - Number(b.startsWith('Makeflow.')),
  );
  for (const name of names) await rename(join(draft, name), join(target, name));
  await rm(draft, { recursive: true });
}
