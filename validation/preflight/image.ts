import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type AddressInfo, createServer } from 'node:net';

/** How long a worker may take until it sends its greeting; that includes a slow container start. */
const HELLO_PATIENCE_MS = 15_000;
/** SIGSEGV: how SLC6 programs end on a kernel without the vsyscall page. */
const CRASHED = 139;

/** What is known about an image for workers. */
export interface ImageDiagnosis {
  image: string;
  /** The output of the worker's doctor in the image, or why it could not run. */
  report: string;
  /** Work Queue's protocol from the greeting of the image's worker; null if unknown. */
  protocol: number | null;
  /** The protocol of this machine's worker, and so of its makeflow; null if there is none. */
  ownProtocol: number | null;
  usable: boolean;
}

/** Runs the worker's doctor in an image, and asks the worker there which protocol it speaks. */
export async function diagnoseImage(program: 'docker' | 'podman', image: string): Promise<ImageDiagnosis> {
  const script = createRequire(import.meta.url).resolve('release-validation/docker/worker/relval-worker-doctor.sh');
  const inImage = (network: string, entrypoint: string, ...words: string[]) => [
    'run',
    '--rm',
    '--network',
    network,
    '--entrypoint',
    entrypoint,
    image,
    ...words,
  ];
  const doctor = await run(program, inImage('none', '/bin/bash', '-c', readFileSync(script, 'utf8'), 'doctor'));
  const protocol = await announced((words) => run(program, inImage('host', 'work_queue_worker', ...words)));
  const ownProtocol = await announced((words) => run('work_queue_worker', words));
  const agree = protocol !== null && (ownProtocol === null || ownProtocol === protocol);
  return { image, report: reportOf(doctor), protocol, ownProtocol, usable: doctor.status === 0 && agree };
}

interface Ended {
  /** Null: it could not be started. */
  status: number | null;
  output: string;
}

function run(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 2 * HELLO_PATIENCE_MS }, (error, stdout, stderr) => {
      if (!error) return resolve({ status: 0, output: stdout });
      const status = typeof error.code === 'number' ? error.code : null;
      resolve({ status, output: stdout || stderr || error.message });
    });
  });
}

function reportOf({ status, output }: Ended): string {
  if (status !== CRASHED || readFileSync('/proc/self/maps', 'utf8').includes('[vsyscall]')) return output.trimEnd();
  return 'its programs end with SIGSEGV, because this kernel has no vsyscall page, which SLC6 needs. Boot the kernel with vsyscall=emulate';
}

/** The first line that a worker sends to its manager is `workqueue PROTOCOL HOST OS ARCHITECTURE VERSION`. */
async function announced(start: (args: string[]) => Promise<unknown>): Promise<number | null> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hello = new Promise<number | null>((resolve) => {
    server.once('connection', (socket) => {
      socket.once('error', () => resolve(null));
      socket.once('data', (data) => {
        resolve(Number(/^workqueue (\d+) /.exec(data.toString('latin1'))?.[1] ?? Number.NaN) || null);
        socket.destroy();
        server.close();
      });
    });
  });
  const args = ['127.0.0.1', String(port), '--single-shot', '--connect-timeout', '5'];
  const ended = start(args).then(() => null);
  const protocol = await Promise.race([hello, ended]);
  server.close();
  await ended;
  return protocol;
}
