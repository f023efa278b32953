import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, posix } from 'node:path';
import { type Answer, json, NOT_FOUND, refusal } from './answers.ts';

/** Finds the file for a path of the API; undefined if it does not exist, or lies outside the sandboxes. */
export type ResolvePath = (path: string) => string | undefined;

/** The largest part of a file in one answer, bytes (files/files.cpp: 16 pages). */
const MAX_READ = 16 * 4096;

const EMPTY_404: Answer = { status: 404, headers: { 'Content-Type': 'text/plain; charset=utf-8' } };

interface Named {
  path: string;
  real: string;
  stats: Stats;
}

/** The file that a path names, or the refusal. */
function find(path: string | null | undefined, resolve: ResolvePath): Named | Answer {
  if (path === null || path === undefined) return refusal(400, "Expecting 'path=value' in query.");
  if (path.split('/').includes('..')) return refusal(400, `'${path}' is inaccessible.\n`);
  const real = resolve(path);
  const stats = real === undefined ? undefined : statSync(real);
  // Opening a named pipe would block until another process opens its other end.
  if (real === undefined || !(stats?.isFile() || stats?.isDirectory())) return EMPTY_404;
  return { path, real, stats };
}

interface Listed {
  path: string;
  nlink: number;
  size: number;
  mtime: number;
  mode: number;
  uid: string;
  gid: string;
}

function list({ path, real, stats }: Named): Listed[] {
  const names = stats.isDirectory() ? readdirSync(real).sort() : [''];
  return names.flatMap((name) => {
    const entry = statSync(posix.join(real, name), { throwIfNoEntry: false });
    if (!entry) return [];
    return {
      path: posix.join(path, name),
      nlink: entry.nlink,
      size: entry.size,
      mtime: Math.floor(entry.mtimeMs / 1000),
      mode: entry.mode,
      uid: nameOf('/etc/passwd', entry.uid),
      gid: nameOf('/etc/group', entry.gid),
    };
  });
}

function nameOf(table: '/etc/passwd' | '/etc/group', id: number): string {
  const rows = readFileSync(table, 'utf8').split('\n');
  return rows.find((row) => row.split(':')[2] === `${id}`)?.split(':')[0] ?? `${id}`;
}

/** A mode in the form of ls(1): `drwxr-xr-x`. */
function modeText(mode: number): string {
  const kind = (mode & 0o170000) === 0o040000 ? 'd' : (mode & 0o170000) === 0o120000 ? 'l' : '-';
  const bits = [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'));
  return kind + bits.join('');
}

async function readAt(file: string, offset: number, length: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const buffer = Buffer.alloc(Math.min(length, MAX_READ));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** `GET /files/browse?path=`. */
export function browse(query: URLSearchParams, resolve: ResolvePath): Answer {
  const named = find(query.get('path'), resolve);
  if ('status' in named) return named;
  if (!named.stats.isDirectory()) return EMPTY_404;
  return json(list(named).map((entry) => ({ ...entry, mode: modeText(entry.mode) })));
}

/** `GET /files/read?path=&offset=&length=`. Without an offset, or with -1, the answer has only the size. */
export async function read(query: URLSearchParams, resolve: ResolvePath): Promise<Answer> {
  const named = find(query.get('path'), resolve);
  if ('status' in named) return named;
  const length = Number(query.get('length') ?? MAX_READ);
  if (length < 0) return refusal(400, `Negative length provided: ${length}.\n`);
  if (named.stats.isDirectory()) return refusal(400, 'Cannot read a directory.\n');
  const offset = Number(query.get('offset') ?? -1);
  if (offset === -1) return json({ data: '', offset: named.stats.size });
  const data = await readAt(named.real, offset, length);
  // The bytes of the file are escaped, but not converted: bytes that are not UTF-8 stay so in the answer.
  const escaped = JSON.stringify(data.toString('latin1'));
  const body = Buffer.from(`{"data":${escaped},"offset":${offset}}`, 'latin1');
  return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
}

/** `GET /files/download?path=`. */
export function download(query: URLSearchParams, resolve: ResolvePath): Answer {
  const named = find(query.get('path'), resolve);
  if ('status' in named) return named;
  if (named.stats.isDirectory()) return refusal(400, 'Cannot download a directory.\n');
  const headers = {
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': `attachment; filename=${basename(named.path)}`,
  };
  return { status: 200, headers, body: readFileSync(named.real) };
}

/** A call to the agent's operator API, in JSON. */
export interface AgentCall {
  type?: string;
  list_files?: { path: string };
  read_file?: { path: string; offset: number; length?: number };
}

/** `POST /api/v1` of an agent, only the calls that a framework needs: LIST_FILES, READ_FILE and GET_HEALTH. */
export async function operate(call: AgentCall, resolve: ResolvePath): Promise<Answer> {
  if (call.type === 'GET_HEALTH') return json({ type: call.type, get_health: { healthy: true } });
  if (call.type === 'LIST_FILES' && call.list_files) {
    const named = find(call.list_files.path, resolve);
    if ('status' in named) return named;
    const file_infos = list(named).map((entry) => ({ ...entry, mtime: { nanoseconds: entry.mtime * 1e9 } }));
    return json({ type: call.type, list_files: { file_infos } });
  }
  if (call.type === 'READ_FILE' && call.read_file) {
    const named = find(call.read_file.path, resolve);
    if ('status' in named) return named;
    if (named.stats.isDirectory()) return refusal(400, 'Cannot read a directory.\n');
    const { offset, length = MAX_READ } = call.read_file;
    const data = (await readAt(named.real, offset, length)).toString('base64');
    return json({ type: call.type, read_file: { size: named.stats.size, data } });
  }
  return call.type === undefined
    ? refusal(400, "Failed to validate agent::Call: Expecting 'type' to be present")
    : NOT_FOUND;
}
