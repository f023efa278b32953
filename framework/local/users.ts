import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';

/**
 * Ids of the user that a command asks for; none when it is the one that this program runs as already.
 * @throws Error as the agent words it, for a user that this machine does not know
 */
export function userIds(name: string): { uid?: number; gid?: number } {
  if (name === userInfo().username) return {};
  try {
    const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, '--', name], { stdio: 'pipe' })));
    return uid === undefined || gid === undefined ? {} : { uid, gid };
  } catch {
    throw new Error(`No such user '${name}'`);
  }
}
