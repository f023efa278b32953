import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ContainerProgram } from './container-cli.ts';

/**
 * Waits until its parent dismisses it with a line, or has ended, for any reason. When the parent has ended, it kills every process
 * with the mark, all other processes in their sessions, and processes without a terminal that live in the sandboxes: their working
 * directory is there, or they have a file there open for writing. A fork that is not yet a task has no mark, so it stops only after
 * three looks that find nothing. Then it removes the containers with any of the labels.
 */
const SCRIPT = `
mark=$1
home=$2
program=$3
shift 3
read -r _ && exit
clean=0
while [ "$clean" -lt 3 ]; do
  marked=$(grep -lsazF "$mark" /proc/[0-9]*/environ | tr -dc '0-9\\n')
  clean=$((clean + 1))
  for pid in $marked; do
    session=$(sed -n 's/.*) [^ZX] [0-9]* [0-9]* \\([0-9]*\\) .*/\\1/p' "/proc/$pid/stat" 2>/dev/null)
    [ -n "$session" ] || continue
    clean=0
    for peer in $(grep -lsE "[)] [^ZX] [0-9]+ [0-9]+ $session " /proc/[0-9]*/stat | tr -dc '0-9\\n'); do
      kill -s KILL "$peer"
    done
    kill -s KILL "$pid"
  done
  for pid in $(find /proc/[0-9]*/cwd /proc/[0-9]*/fd -maxdepth 1 -type l -perm -200 -printf '%p %l\n' |
    HOME=$home awk 'substr($0, index($0, " ") + 1, length(ENVIRON["HOME"])) == ENVIRON["HOME"] { split($1, part, "/"); print part[3] }'); do
    [ "$pid" = "$PPID" ] && continue
    grep -qsE '[)] [^ZX] [0-9]+ [0-9]+ [0-9]+ 0 ' "/proc/$pid/stat" || continue
    clean=0
    kill -s KILL "$pid"
  done
  sleep 0.05
done 2>/dev/null
for label; do
  for container in $("$program" ps --all --quiet --filter "label=$label"); do
    "$program" rm --force --volumes "$container"
  done
done
`;

/**
 * A small shell beside this program, in its own session, which holds the reading end of a pipe. If this program ends without
 * stopping its tasks (even by SIGKILL), the pipe closes, and the guard ends them. PR_SET_PDEATHSIG would end only the first
 * process of each task.
 */
export class Guard {
  readonly #shell: ChildProcess;
  readonly #hasContainers: boolean;

  /**
   * @param mark `NAME=value`, or the beginning of it, in the environment of the processes that the guard ends
   * @param sandboxes the directory of all sandboxes, without links in its path
   * @param containers the program that runs containers, and the labels of the containers that the guard ends
   */
  constructor(
    mark: string,
    sandboxes: string,
    containers: { program?: ContainerProgram | undefined; labels: readonly string[] },
  ) {
    const { program = '', labels } = containers;
    this.#hasContainers = program !== '';
    this.#shell = spawn(
      '/bin/sh',
      ['-c', SCRIPT, 'mesos-guard', mark, `${sandboxes}/`, program, ...(program ? labels : [])],
      {
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
        // docker finds its daemon by variables of the environment.
        env: program ? process.env : { PATH: '/usr/bin:/bin' },
      },
    );
    this.#shell.on('error', () => undefined);
    this.#shell.stdin?.on('error', () => undefined);
  }

  /** Called when this program has ended all tasks. Resolves when the guard has ended, and no container with a label is left. */
  async close(): Promise<void> {
    const { exitCode, signalCode, pid } = this.#shell;
    if (exitCode !== null || signalCode !== null || pid === undefined) return;
    const ended = once(this.#shell, 'exit');
    this.#shell.stdin?.end(this.#hasContainers ? '' : 'dismissed\n');
    await ended;
  }
}
