import { spawn } from 'node:child_process';

/** How a command ended. `missing`: there is no such command; `timeout`: it was killed because it took too long. */
export interface CommandResult {
  how: 'ended' | 'missing' | 'timeout';
  /** Exit status; 0 only when it succeeded. */
  status: number;
  stdout: string;
  /** The last line that is not empty, from stderr, else from stdout. */
  said: string;
}

const MOST_OUTPUT = 64 << 20;

/**
 * Runs a command for at most `patience` ms. Then its whole process group is killed, so that its children do not
 * delay us. Never throws.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  patience: number,
  env: NodeJS.ProcessEnv = process.env,
): Promise<CommandResult> {
  return new Promise((resolve) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let how: CommandResult['how'] = 'ended';
    const end = (status: number): void => {
      clearTimeout(timer);
      const [stdout, stderr] = [out, err].map((chunks) => Buffer.concat(chunks).toString());
      const said = (lastLine(stderr ?? '') || lastLine(stdout ?? '')).slice(0, 300);
      resolve({ how, status, stdout: stdout ?? '', said });
    };
    // In its own process group, because execFile has no such option.
    const child = spawn(command, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    collect(child.stdout, out);
    collect(child.stderr, err);
    const timer = setTimeout(() => {
      how = 'timeout';
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // it has just ended
      }
    }, patience);
    child.once('error', () => {
      how = 'missing';
      end(1);
    });
    child.once('close', (code) => end(code ?? 1));
  });
}

/** Output beyond the limit is read, so that no process waits, and dropped. */
function collect(stream: NodeJS.ReadableStream, chunks: Buffer[]): void {
  let length = 0;
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= MOST_OUTPUT) chunks.push(chunk);
  });
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

/** What went wrong, as the end of a sentence; undefined if it succeeded. */
export function failureOf(command: string, { how, status, said }: CommandResult, patience: number): string | undefined {
  if (how === 'missing') return `${command} is not installed, or cannot be run`;
  if (how === 'timeout') return `${command} did not answer within ${patience / 1000} s`;
  if (status !== 0) return `${command} ended with status ${status}${said ? `: ${said}` : ''}`;
  return undefined;
}
