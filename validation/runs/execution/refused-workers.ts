/** A worker that makeflow did not accept. */
export interface RefusedWorker {
  host: string;
  /** The cause, and what to do about it. */
  message: string;
  /**
   * The number of refusals of one host before it counts. A framework first asks a new manager without the password, and
   * makeflow takes it for a worker. A worker tries again after 1, 2 and 4 s.
   */
  times: number;
}

/** The messages of cctools 9.9 and 7.14 on stderr. All three were observed. */
const FORMS: readonly { pattern: RegExp; times: number; message: (match: RegExpExecArray) => string }[] = [
  {
    pattern: /worker \(?([^()\s]+)\)? is using work queue protocol (\d+), but I am using protocol (\d+)/,
    times: 1,
    message: ([, , theirs, ours]) => otherProtocol(theirs, ours),
  },
  {
    pattern: /rejecting worker \(?([^()\s]+)\)? as it uses protocol (\d+)\. The manager is using protocol (\d+)/,
    times: 1,
    message: ([, , theirs, ours]) => otherProtocol(theirs, ours),
  },
  {
    pattern: /worker \(?([^()\s]+)\)? presented the wrong password/,
    times: 3,
    message: () => 'it has another password, or none. The framework and this run need the same file (--password FILE)',
  },
];

/** The workers that makeflow refused, from its stderr. */
export function refusedWorkers(lines: readonly string[]): RefusedWorker[] {
  return lines.flatMap((line) => {
    for (const { pattern, times, message } of FORMS) {
      const match = pattern.exec(line);
      if (match) return [{ host: hostOf(match[1] ?? ''), message: message(match), times }];
    }
    return [];
  });
}

/** Whether a line of makeflow only reports a refused worker. */
export function tellsRefusal(line: string): boolean {
  return FORMS.some(({ pattern }) => pattern.test(line));
}

function otherProtocol(theirs = '?', ours = '?'): string {
  return `it uses Work Queue protocol ${theirs}, and makeflow uses ${ours}. Install the same release of cctools where the workers run and here`;
}

/** `127.0.0.1:40722` → `127.0.0.1` */
function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}
