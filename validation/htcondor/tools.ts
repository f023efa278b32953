import { execFile } from 'node:child_process';

/** The queue of a run's jobs. HTCondor's own configuration and environment give the tokens and all other settings. */
export interface Queue {
  /** Name of the schedd; default: HTCondor's default for this machine. */
  schedd?: string | undefined;
  /** Collector of the pool, HOST[:PORT]; the same default. */
  pool?: string | undefined;
}

/** Time limit for one question to a schedd, ms. A busy schedd with 10,000 jobs answers within 4 s. */
const PATIENCE_MS = 20_000;
/** Longest answer, bytes. */
const LONGEST = 64 << 20;

/** A tool of HTCondor failed. The message says why. */
export class HTCondorError extends Error {
  override name = 'HTCondorError';
  /** The tool is not installed. */
  readonly isMissing: boolean;

  constructor(message: string, isMissing = false) {
    super(message);
    this.isMissing = isMissing;
  }
}

/** Variables by which HTCondor's tools, and makeflow's calls of them, find the queue. */
export function queueVariables({ schedd, pool }: Queue): Record<string, string> {
  return {
    ...(schedd !== undefined && { _CONDOR_SCHEDD_HOST: schedd }),
    ...(pool !== undefined && { _CONDOR_CONDOR_HOST: pool, _CONDOR_COLLECTOR_HOST: pool }),
  };
}

/** Runs a tool without a shell. @returns its stdout @throws {HTCondorError} */
export function condorTool(queue: Queue, command: string, args: readonly string[]): Promise<string> {
  const env = { ...process.env, ...queueVariables(queue) };
  return new Promise((resolve, reject) => {
    const options = { env, timeout: PATIENCE_MS, killSignal: 'SIGKILL', maxBuffer: LONGEST } as const;
    execFile(command, args, options, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else reject(new HTCondorError(`${command}: ${whyOf(error, stderr)}`, error.code === 'ENOENT'));
    });
  });
}

/** The first paragraph of a tool's error output. The rest is general advice. */
function whyOf({ code, killed, message }: { code?: unknown; killed?: boolean; message: string }, stderr: string) {
  if (code === 'ENOENT') return 'it is not installed. Install the package htcondor';
  if (killed) return `it did not answer within ${PATIENCE_MS / 1000} s`;
  const [said = ''] = stderr.trim().split(/\n\s*\n/);
  return (said || message).replace(/\s*\n\s*/g, ' ').slice(0, 500);
}
