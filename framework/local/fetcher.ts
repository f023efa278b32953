import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, copyFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { CommandInfo } from '../mesos/messages.ts';

type Uri = NonNullable<CommandInfo['uris']>[number];

/** The place for the files. The signal ends the work at any time. */
interface Sandbox {
  directory: string;
  containerId: string;
  signal: AbortSignal;
}

const run = promisify(execFile);

/** The files that Mesos' fetcher unpacks, by the end of the name (launcher/fetcher.cpp). */
const ARCHIVES: [RegExp, (file: string, directory: string) => [string, string[]]][] = [
  [/\.(tar|tgz|tbz2|txz|tar\.gz|tar\.bz2|tar\.xz)$/, (file, directory) => ['tar', ['-C', directory, '-xf', file]]],
  [/\.zip$/, (file, directory) => ['unzip', ['-q', '-o', '-d', directory, file]]],
];

/**
 * Copies the files of a command into its sandbox: files of this machine (path or file:) and http(s) addresses. It unpacks
 * archives unless `extract` is false.
 * @throws Error in the words of the agent
 */
export async function fetchUris(uris: readonly Uri[], sandbox: Sandbox): Promise<void> {
  try {
    await Promise.all(uris.map((uri) => fetchUri(uri, sandbox)));
  } catch (error) {
    throw new Error(`Failed to fetch all URIs for container '${sandbox.containerId}': exited with status 1`, {
      cause: error,
    });
  }
}

async function fetchUri(uri: Uri, { directory, signal }: Sandbox): Promise<void> {
  const remote = /^https?:/.test(uri.value);
  const source = uri.value.startsWith('file:') ? fileURLToPath(uri.value) : uri.value;
  const target = join(directory, basename(uri.output_file ?? (remote ? new URL(source).pathname : source)));
  if (remote) await download(source, target, signal);
  else await copyFile(source, target);
  if (uri.executable) return await chmod(target, 0o755);
  const archive = ARCHIVES.find(([name]) => name.test(target));
  if (archive && (uri.extract ?? true)) await run(...archive[1](target, directory), { signal });
}

async function download(address: string, target: string, signal: AbortSignal): Promise<void> {
  const answer = await fetch(address, { signal });
  if (!answer.ok || !answer.body) throw new Error(`${address} answered ${answer.status}`);
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(target), { signal });
}
