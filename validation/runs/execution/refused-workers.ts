/** A worker that makeflow did not accept. */
export interface RefusedWorker {
  host: string;
  /** What is so, and what to do about it. */
  message: string;
  /**
   * So often must it happen to one host before it counts. A framework that meets a manager asks it without the password
   * first, and makeflow takes that for a worker. A worker comes again after 1, 2 and 4 s.
   */
  times: number;
}

/** How the releases 9.9 and 7.14 of cctools say it, on stderr. All three were seen. */
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

/** Workers that makeflow has refused, as it says on stderr. */
export function refusedWorkers(lines: readonly string[]): RefusedWorker[] {
  return lines.flatMap((line) => {
    for (const { pattern, times, message } of FORMS) {
      const match = pattern.exec(line);
      if (match) return [{ host: hostOf(match[1] ?? ''), message: message(match), times }];
    }
    return [];
  });
}

/** Whether a line of makeflow only tells that somebody was kept out. */
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
