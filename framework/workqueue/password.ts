import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Conversation } from './exchange.ts';

/** The manager does not know our password, or is another than we think: it could not prove that it knows it. */
export class WrongPasswordError extends Error {
  override name = 'WrongPasswordError';
}

/** A password file that cannot be used. */
export class PasswordFileError extends Error {
  override name = 'PasswordFileError';
}

/** The password in a file: its whole content, a last newline included, as cctools reads it. @throws PasswordFileError */
export function readPassword(path: string): Buffer {
  let password: Buffer;
  try {
    password = readFileSync(path);
  } catch (error) {
    throw new PasswordFileError(`password file ${path}: ${(error as Error).message}`);
  }
  if (password.length === 0) throw new PasswordFileError(`password file ${path} is empty`);
  return password;
}

/** What both sides of the handshake say first; a manager with a password also says it to those that do not. */
export const PASSWORD_GREETING = 'auth password sha1';

/**
 * Every challenge of this process begins with this. Both sides of the handshake prove the password in the same way, so a
 * task could send our own challenge back to us, here or on another connection, and then repeat our answer as his
 * proof. A challenge that begins so is therefore never answered.
 */
const OUR_MARK = randomBytes(16).toString('hex');

/** No line of the handshake is longer: 63 characters is what a manager's challenge has. */
const MAX_LINE_BYTES = 1024;

/**
 * cctools' password handshake, the connecting side, before a question: each side sends the greeting and a challenge,
 * then `sha1hex(password + " " + the other's challenge)`, then `ok`.
 * A wrong proof is answered by closing at once: a manager that waits for us is blocked.
 *
 * @param password as `readPassword` returns it
 * @param question the line to send when both sides are satisfied
 * @param challenge our own challenge, one line; random unless a test fixes it
 */
export function passwordConversation(
  password: Uint8Array,
  question: string,
  challenge = `${OUR_MARK}${randomBytes(16).toString('hex')}`,
): Conversation {
  const proof = (text: string) => createHash('sha1').update(password).update(` ${text}`).digest('hex');
  let pending = Buffer.alloc(0);
  /** What the next line from the manager must be, and our reply. */
  const steps: ((line: string) => string)[] = [
    (line) => {
      if (line !== PASSWORD_GREETING) throw new WrongPasswordError(`greets with ${JSON.stringify(line.slice(0, 60))}`);
      return '';
    },
    (line) => {
      if (line.startsWith(OUR_MARK)) throw new WrongPasswordError('sends our own challenge back');
      return `${proof(line)}\n`;
    },
    (line) => {
      if (line !== proof(challenge)) throw new WrongPasswordError('has another password');
      return 'ok\n';
    },
    (line) => {
      if (line !== 'ok') throw new WrongPasswordError('refuses the password');
      return question;
    },
  ];
  return {
    opening: `${PASSWORD_GREETING}\n${challenge}\n`,
    take(chunk) {
      if (steps.length === 0) return { answer: chunk };
      pending = Buffer.concat([pending, chunk]);
      let send = '';
      for (let end = pending.indexOf('\n'); end >= 0 && steps.length > 0; end = pending.indexOf('\n')) {
        send += steps.shift()?.(pending.toString('latin1', 0, end)) ?? '';
        pending = pending.subarray(end + 1);
      }
      if (steps.length === 0) return { send, answer: pending };
      if (pending.length > MAX_LINE_BYTES) throw new WrongPasswordError('sends a line without end');
      return { send };
    },
  };
}
