import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';

/**
 * Ids of the user that a command names; none if this program already runs as this user.
 * @throws Error in the words of the agent, for a user that this machine does not know
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
