import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Conversation } from './exchange.ts';

/** The manager could not prove that it knows our password: it has another one, or it is not the manager that we expect. */
export class WrongPasswordError extends Error {
  override name = 'WrongPasswordError';
}

/** A password file that cannot be used. */
export class PasswordFileError extends Error {
  override name = 'PasswordFileError';
}

/** The password in a file: its whole content with a last newline, as cctools reads it. @throws PasswordFileError */
export function readPassword(path: string): Buffer {
  let password: Buffer;
  try {
    password = readFileSync(path);
  } catch (error) {
    throw new PasswordFileError(`the password file ${path} cannot be read: ${(error as Error).message}`);
  }
  if (password.length === 0) throw new PasswordFileError(`the password file ${path} is empty`);
  return password;
}

/** The first line of both sides of the handshake. A manager with a password also sends it to clients without one. */
export const PASSWORD_GREETING = 'auth password sha1';

/**
 * Every challenge of this process begins with this mark. Both sides prove the password in the same way, so a
 * task could send our own challenge back to us, here or on another connection, and then use our answer as its
 * proof. Therefore a challenge with this mark is never answered.
 */
const OUR_MARK = randomBytes(16).toString('hex');

/** Longest line of the handshake: a manager's challenge has 63 characters. */
const MAX_LINE_BYTES = 1024;

/**
 * cctools' password handshake for the connecting side, before a question: each side sends the greeting and a challenge,
 * then `sha1hex(password + " " + the other's challenge)`, then `ok`.
 * After a wrong proof the connection is closed at once, because a manager that waits for us is blocked.
 *
 * @param password as returned by `readPassword`
 * @param question the line to send after the handshake
 * @param challenge our own challenge, one line; random unless a test sets it
 */
export function passwordConversation(
  password: Uint8Array,
  question: string,
  challenge = `${OUR_MARK}${randomBytes(16).toString('hex')}`,
): Conversation {
  const proof = (text: string) => createHash('sha1').update(password).update(` ${text}`).digest('hex');
  let pending = Buffer.alloc(0);
  /** The expected lines from the manager, and our replies. */
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
      if (pending.length > MAX_LINE_BYTES) throw new WrongPasswordError('sends a line that does not end');
      return { send };
    },
  };
}
