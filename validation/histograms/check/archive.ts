import { execFile, spawn } from 'node:child_process';
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Located } from './locate.ts';

const MB = 2 ** 20;
/** The largest number of bytes of a member, because a small archive can hold a member of any size. */
const MOST_BYTES = 1024 * MB;
/** The largest number of bytes of a list of names: some hundred thousand members. */
const MOST_NAMES = 32 * MB;
const PATIENCE_MS = 120_000;

/** Whether an output is an archive that can be read. */
export function isArchive(name: string): boolean {
  return name.endsWith('.zip');
}

/** A directory for files from archives. It is made when it is needed. */
export class Scratch {
  private directory: string | undefined;
  private count = 0;

  /** The path for a new file. */
  next(): string {
    this.directory ??= mkdtempSync(join(tmpdir(), 'relval-members-'));
    return join(this.directory, `${++this.count}.root`);
  }

  remove(): void {
    if (this.directory !== undefined) rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The names of an archive's members. @throws {Error} one sentence: why it cannot be read */
export async function membersOf(archive: string): Promise<string[]> {
  const options = { maxBuffer: MOST_NAMES, timeout: PATIENCE_MS };
  try {
    const { stdout } = await promisify(execFile)('unzip', ['-Z1', archive], options);
    return stdout.split('\n').filter((name) => name !== '' && !name.endsWith('/'));
  } catch (error) {
    throw new Error(`the archive cannot be read: ${reasonOf(error as Failure)}`);
  }
}

/** Writes a member of an archive to a file of its own. unzip checks its checksum. */
export async function extract(archive: string, member: string, scratch: Scratch): Promise<Located> {
  const path = scratch.next();
  // unzip reads these characters in a member's name as a pattern, and a hyphen at its beginning as an option.
  const pattern = member.replace(/[\\*?[\]]/g, '\\$&').replace(/^-/, '[-]');
  const unzip = spawn('unzip', ['-p', archive, pattern], { stdio: ['ignore', 'pipe', 'ignore'], timeout: PATIENCE_MS });
  const ended = new Promise<number | string | null>((resolve, reject) => {
    unzip.once('error', reject);
    unzip.once('close', (code, signal) => resolve(code ?? signal));
  });
  ended.catch(() => undefined);
  let size = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _, done) {
      size += chunk.length;
      done(size > MOST_BYTES ? new Error(`it has more than ${MOST_BYTES / MB} MB`) : null, chunk);
    },
  });
  try {
    await pipeline(unzip.stdout, counted, createWriteStream(path));
    const status = await ended;
    if (status !== 0) return { reason: `it cannot be taken out of the archive (unzip ended with ${status})` };
    return { path, size };
  } catch (error) {
    unzip.kill('SIGKILL');
    const failure = error as Failure;
    return { reason: failure.code === 'ENOENT' ? reasonOf(failure) : failure.message };
  }
}

type Failure = NodeJS.ErrnoException & { stderr?: string };

function reasonOf({ code, stderr = '', message }: Failure): string {
  if (code === 'ENOENT') return 'unzip is not installed here';
  return stderr.trim().split('\n')[0] || message;
}
