import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeMakeflow } from '../../../validation/makeflow/write.ts';
import { parseResult, type StepResult } from '../../../validation/step/result.ts';
import type { StageFileOptions } from '../../../validation/step/stage-file.ts';
import type { InputFile, Stage, Step } from '../../../validation/workflow/plan.ts';
import { makePlan, makeStage, makeStep } from '../plans.ts';

export const PATTERNS = ['Segmentation fault', 'std::bad_alloc', '*** glibc detected ***', ': error:', 'Killed'];

/** A directory of this test, removed after it. */
export class Scratch {
  readonly path = mkdtempSync(join(tmpdir(), 'relval-step-'));

  /** Writes a file and gives its path. */
  file(name: string, text: string | Buffer): string {
    writeFileSync(join(this.path, name), text);
    return join(this.path, name);
  }

  /** A bash script as an input that is sent along. */
  script(name: string, text: string): InputFile {
    const source = this.file(name, `#!/bin/bash\n${text}\n`);
    chmodSync(source, 0o755);
    return { kind: 'sent', name, unpack: false, source };
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface StepRun {
  /** Of relval-step.sh. */
  status: number | null;
  result: StepResult;
  directory: string;
  stdout: string;
  stderr: string;
  report: string;
  /** What the script itself wrote, for makeflow. */
  said: string;
  read: (file: string) => string;
}

export interface StepRunOptions extends Partial<Omit<StageFileOptions, 'alias'>> {
  stage?: Partial<Stage>;
  step?: Partial<Step>;
  env?: NodeJS.ProcessEnv;
  /** Called when the step runs, with its process. */
  running?: (child: ChildProcess, directory: string) => Promise<void>;
}

/** The bash to test with: an old one can be given. */
const BASH = process.env.RELVAL_TEST_BASH ?? 'bash';

/**
 * Runs one step as makeflow would, in a directory that writeMakeflow wrote. Without an executable, `payload` (the text of
 * a bash script) is it.
 */
export async function runStep(scratch: Scratch, payload: string, options: StepRunOptions = {}): Promise<StepRun> {
  const { stage: changes = {}, step: stepChanges = {}, env, running, ...stageFileOptions } = options;
  const script = scratch.script('payload.sh', payload);
  const stage = makeStage('sim', { executable: 'payload.sh', ...changes, inputs: [script, ...(changes.inputs ?? [])] });
  const step = makeStep(stage, 7, stepChanges);
  const directory = await writeSteps(scratch, [step], stageFileOptions);
  return startStep(directory, step, env, running);
}

/** Writes the Makeflow directory of a plan of these steps. */
export async function writeSteps(
  scratch: Scratch,
  steps: Step[],
  options: Partial<Omit<StageFileOptions, 'alias'>> = {},
): Promise<string> {
  const directory = join(scratch.path, 'makeflow');
  await writeMakeflow(makePlan(steps), directory, undefined, { patterns: PATTERNS, copyPause: 0, ...options });
  return directory;
}

/** Whether a process is there and is not only waiting to be reaped. */
export function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

export async function startStep(
  directory: string,
  { id, index, stage }: Step,
  env?: NodeJS.ProcessEnv,
  running?: StepRunOptions['running'],
): Promise<StepRun> {
  const child = spawn(BASH, ['./relval-step.sh', `${stage.name}.stage`, id, String(index)], {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stdout.on('data', (data) => {
    said += data;
  });
  child.stderr.on('data', (data) => {
    said += data;
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  try {
    await running?.(child, directory);
  } catch (error) {
    child.kill(); // ends what it started, too: a payload may wait for ever for what the test did not do
    await closed;
    throw error;
  }
  const status = await closed;
  const read = (file: string): string => readFileSync(join(directory, `${id}.${file}`), 'utf8');
  return {
    status,
    result: parseResult(read('result.json')),
    directory,
    stdout: read('stdout.log'),
    stderr: read('stderr.log'),
    report: read('validation_report.txt'),
    said,
    read,
  };
}
