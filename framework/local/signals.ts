/** The names of strsignal(3), which Mesos uses in its messages. */
const SIGNAL_TEXTS: Partial<Record<NodeJS.Signals, string>> = {
  SIGHUP: 'Hangup',
  SIGINT: 'Interrupt',
  SIGQUIT: 'Quit',
  SIGILL: 'Illegal instruction',
  SIGTRAP: 'Trace/breakpoint trap',
  SIGABRT: 'Aborted',
  SIGBUS: 'Bus error',
  SIGFPE: 'Floating point exception',
  SIGKILL: 'Killed',
  SIGUSR1: 'User defined signal 1',
  SIGSEGV: 'Segmentation fault',
  SIGUSR2: 'User defined signal 2',
  SIGPIPE: 'Broken pipe',
  SIGALRM: 'Alarm clock',
  SIGTERM: 'Terminated',
  SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'File size limit exceeded',
};

/** How a Command or Container ended, in the words of Mesos' executors (stout, WSTRINGIFY). */
export function exitMessage(what: 'Command' | 'Container', code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return `${what} terminated with signal ${SIGNAL_TEXTS[signal] ?? signal}`;
  return `${what} exited with status ${code ?? 1}`;
}
