import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Limits } from './model.ts';
import type { Line, Request } from './protocol.ts';
import type { Measurement } from './result.ts';

const MB = 2 ** 20;
/** The JavaScript heap of the reading process. The contents of objects are outside of it, see `memoryBytes`. */
const HEAP_MB = 400;
/**
 * Each half of the young generation of the heap. Memory that is used for the first time costs as much as a garbage
 * collection: with 16 MB, a comparison of a thousand histograms takes a tenth more CPU.
 */
const YOUNG_MB = 4;
/** The interval at which its memory is checked. */
const WATCH_MS = 50;
/** The largest number of bytes of its output. Ten thousand objects make five million bytes. */
const MOST_ANSWERS = 256 * MB;

/** The results of the reading process. */
export interface Reading {
  measurements: Measurement[];
  /** By index of the file (0 is the new one): why it cannot be read. */
  unreadable: Map<number, string>;
  /** Why reading ended early. The measurements before that are valid. */
  ended?: string;
}

/** The built program of the reading process. */
function builtProgram(): string {
  return createRequire(import.meta.url).resolve('release-validation/dist/validation/histograms/read-program.mjs');
}

/**
 * Reads and compares files in a process of its own. Whatever the files contain, the process ends after `limits.seconds`, or
 * when it uses more than `limits.memoryBytes`. It gets no environment variables.
 * @param program see builtProgram
 */
export async function readInProcess(request: Request, program: string = builtProgram()): Promise<Reading> {
  const options = [
    `--max-old-space-size=${HEAP_MB}`,
    `--max-semi-space-size=${YOUNG_MB}`,
    `--min-semi-space-size=${YOUNG_MB}`,
    '--disable-proto=delete',
  ];
  const child = spawn(process.execPath, [...options, program], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const reading: Reading = { measurements: [], unreadable: new Map() };
  let current: string | undefined;
  let done = false;
  const end = (reason: string): void => {
    reading.ended ??= reason;
    child.kill('SIGKILL');
  };
  const limits = watch(child.pid, request.limits, end);
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(request));
  let rest: Buffer[] = [];
  let received = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > MOST_ANSWERS) return end(`the answer has more than ${MOST_ANSWERS / MB} MB`);
    const last = chunk.lastIndexOf(10);
    if (last < 0) return void rest.push(chunk);
    const lines = Buffer.concat([...rest, chunk.subarray(0, last)])
      .toString()
      .split('\n');
    rest = [chunk.subarray(last + 1)];
    for (const text of lines) {
      const line = JSON.parse(text) as Line;
      if ('measured' in line) reading.measurements.push(line.measured);
      else if ('unreadable' in line) reading.unreadable.set(line.unreadable, line.reason);
      else if ('reading' in line) current = line.reading;
      else done = true;
    }
  });
  const code = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => resolve(status ?? signal ?? ''));
  });
  limits.stop();
  if (!done) {
    const why = reading.ended ?? `the reading process ended early (${code})`;
    reading.ended = current === undefined ? why : `${why}; the last large object was ${current}`;
  } else delete reading.ended;
  return reading;
}

function watch(pid: number | undefined, limits: Limits, end: (reason: string) => void): { stop(): void } {
  const time = setTimeout(() => end(`reading took more than ${limits.seconds} s`), limits.seconds * 1000);
  const memory = setInterval(() => {
    if (residentBytes(pid) > limits.memoryBytes)
      end(`reading took more than ${Math.round(limits.memoryBytes / MB)} MB`);
  }, WATCH_MS);
  return {
    stop() {
      clearTimeout(time);
      clearInterval(memory);
    },
  };
}

/** 0 if the system does not report it: then only the limits of single objects apply. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
