import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMpi } from './open-mpi.ts';

/** A program that does not answer within this time counts as not found. */
const PATIENCE_MS = 10_000;

/** The answers of this process's programs: a run asks before it starts, and again for its report. */
const answers = new Map<string, Promise<string | undefined>>();

/**
 * The first line of `PROGRAM -v`, which every program of cctools understands, for example `makeflow version 7.14.5 FINAL (…)`.
 * A program is asked only once.
 * @param scratch a directory that may exist for the duration of the call; default: one in /tmp
 * @returns undefined when the program is not in $PATH or does not start
 */
export function versionLine(program: string, scratch?: string): Promise<string | undefined> {
  const answer = answers.get(program) ?? askVersion(program, scratch);
  answers.set(program, answer);
  return answer;
}

function askVersion(program: string, scratch?: string): Promise<string | undefined> {
  const directory = scratch ?? mkdtempSync(join(tmpdir(), 'relval-version-'));
  const env = { ...process.env, ...openMpi(directory) };
  return new Promise((resolve) => {
    execFile(program, ['-v'], { env, timeout: PATIENCE_MS }, (error, stdout) => {
      rmSync(directory, { recursive: true, force: true });
      resolve(error ? undefined : stdout.split('\n')[0]?.trim() || undefined);
    });
  });
}

/**
 * Prints the answer to `--version`: first the version alone, at once, for scripts; then a line for each program
 * that the command uses, and for Node.js.
 * @param say prints lines on stdout
 */
export async function sayVersions(
  version: string,
  programs: readonly string[],
  say: (...lines: string[]) => void,
): Promise<void> {
  say(version);
  const lines = await Promise.all(programs.map((program) => versionLine(program)));
  const found = lines.map((line, i) => line?.replace(' version ', ' ') ?? `${programs[i]}: not found`);
  say(...found, `node ${process.versions.node}`);
}
