import { execFile } from 'node:child_process';
import { expect } from 'vitest';
import { ROOT } from '../../e2e/relval.ts';

/** What a hostile log, name or reason may hold: each of these does something to a terminal, or to its reader. */
export const HOSTILE = [
  '\x1b[2J', // empties the screen
  '\x1b]52;c;cm0gLXJm\x07', // writes the clipboard
  '\x1b]8;;http://example.org/\x1b\\link\x1b]8;;\x1b\\',
  '\x1bP+q544e\x1b\\', // asks the terminal for its name: the answer is typed for the user
  '\x1b_Gi=1\x1b\\',
  '\x1b[8mhidden\x1b[0m',
  '\u009b2J\u009d52;c;eA==\u009c',
  '\x08\x08\x7f',
  '\u202etxt.exe\u2066\u2069\u200f',
  '\u2028\u2029',
].join('');

/** Makes a line that seems to be one of ours. */
export const FORGED = 'PASSED  forged';

/** A command at a terminal of its own. @returns what reached the terminal, stdout and stderr together */
export function atTerminal(words: readonly string[], env: NodeJS.ProcessEnv = {}, cwd = ROOT): Promise<string> {
  const command = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return new Promise((resolve) => {
    const given: NodeJS.ProcessEnv = { ...process.env, TERM: 'xterm-256color', COLUMNS: '200', ...env };
    delete given.NO_COLOR;
    delete given.CI;
    const options = { cwd, env: given, maxBuffer: 2 ** 26 };
    execFile('script', ['-qec', `stty cols 200 rows 50; ${command}`, '/dev/null'], options, (_error, stdout) =>
      resolve(stdout),
    ).stdin?.end();
  });
}

// biome-ignore-start lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
/** Our own: colours, and how the table of a run is drawn again and again. */
const OWN = /\x1b\[(?:1|2|22|31|32|33|35|36|39)m|\x1b\[(?:\d+A|2K|\d*G|H|2J|0?J|\?25[lh]|\?2026[lh])/g;
/** Text that is not shown (8) is not among them. */
const OF_LOG = /\x1b\[(?:0|1|1;31)?m/g;

/** @param coloursOfLog the lines of a log may stand there, and its colours */
export function expectHarmless(shown: string, { coloursOfLog = false } = {}): void {
  const rest = shown
    .replace(OWN, '')
    .replace(coloursOfLog ? OF_LOG : /$^/, '')
    .replaceAll('\r\n', '\n');
  expect(rest).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  expect(rest).not.toMatch(/[\p{Cf}\u2028\u2029]/u);
  if (coloursOfLog) return;
  expect(rest).not.toMatch(new RegExp(`^${FORGED}`, 'm'));
}
// biome-ignore-end lint/suspicious/noControlCharactersInRegex: so far
