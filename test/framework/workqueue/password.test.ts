import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  PasswordFileError,
  passwordConversation,
  readPassword,
  WrongPasswordError,
} from '../../../framework/workqueue/password.ts';

/** Recorded with Debian's makeflow and a password file of one line, "release". */
const PASSWORD = Buffer.from('release\n');
const CHALLENGE = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';
const FROM_MANAGER =
  'auth password sha1\nnYnNS^JPPq^lcrSrVXxeeeudMORzna\\zgRmzVxHVVtktz^KkXlHzIPLJkwvRapQ\n' +
  'ad4a4da3e520575c77a0879647eee025985dccd4\nok\n[]';
const TO_MANAGER = '53c1afce2e8f856ee5e4c37b995cb0be240bf5e6\nok\nworker_status\n';

describe('passwordConversation', () => {
  it('says what was recorded, however the answers are cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: FROM_MANAGER.length }), { maxLength: 10 }), (cuts) => {
        const talk = passwordConversation(PASSWORD, 'worker_status\n', CHALLENGE);
        expect(talk.opening).toBe(`auth password sha1\n${CHALLENGE}\n`);
        const places = [...new Set(cuts)].sort((a, b) => a - b);
        let sent = '';
        let answer = '';
        [0, ...places].forEach((start, i) => {
          const reply = talk.take(Buffer.from(FROM_MANAGER.slice(start, places[i])));
          sent += reply.send ?? '';
          answer += reply.answer?.toString() ?? '';
        });
        expect(sent).toBe(TO_MANAGER);
        expect(answer).toBe('[]');
      }),
    );
  });

  it('takes the last newline of the file as a part of the password', () => {
    const talk = passwordConversation(Buffer.from('release'), 'worker_status\n', CHALLENGE);
    expect(() => talk.take(Buffer.from(FROM_MANAGER))).toThrow(WrongPasswordError);
  });

  it('gives up when the manager refuses, greets otherwise or never ends a line', () => {
    const refused = FROM_MANAGER.replace('\nok\n', '\nfailure\n');
    for (const [text, why] of [
      [refused, /refuses the password/],
      ['HTTP/1.1 400 Bad Request\n', /greets with "HTTP/],
      ['x'.repeat(5000), /does not end/],
    ] as const) {
      const talk = passwordConversation(PASSWORD, 'worker_status\n', CHALLENGE);
      expect(() => talk.take(Buffer.from(text))).toThrow(why);
    }
  });

  it('answers no challenge of its own that a task sends back, on this connection or on another', () => {
    const [first, second] = [1, 2].map(() => passwordConversation(PASSWORD, 'x\n'));
    for (const talk of [first, second]) {
      expect(() => talk?.take(Buffer.from(first?.opening ?? ''))).toThrow(/sends our own challenge back/);
    }
  });

  it('challenges anew each time', () => {
    const openings = [1, 2].map(() => passwordConversation(PASSWORD, 'x\n').opening);
    expect(openings[0]).not.toBe(openings[1]);
  });
});

describe('readPassword', () => {
  it('returns the whole content, and says which file is missing or empty', () => {
    const dir = mkdtempSync(join(tmpdir(), 'password-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    writeFileSync(join(dir, 'good'), PASSWORD);
    writeFileSync(join(dir, 'empty'), '');
    expect(readPassword(join(dir, 'good'))).toEqual(PASSWORD);
    expect(() => readPassword(join(dir, 'empty'))).toThrow(PasswordFileError);
    expect(() => readPassword(join(dir, 'none'))).toThrow(/none.*ENOENT/);
  });
});
