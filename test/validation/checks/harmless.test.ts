import { describe, expect, it } from 'vitest';
import { isHarmless } from '../../../validation/checks/harmless.ts';

/** Lines with the match between ‹ and ›. */
function harmless(marked: string): boolean {
  const from = marked.indexOf('‹');
  const to = marked.indexOf('›') - 1;
  return isHarmless(marked.replace(/[‹›]/g, ''), from, to);
}

describe('an error that is only mentioned', () => {
  it.each([
    // Negations.
    'Checking rec.log: no ‹Segmentation violation›',
    'No ‹Segmentation violation› found',
    'ended without a ‹Segmentation fault›',
    'not ‹Killed›',
    'was never ‹Killed›',
    'zero ‹Bus error›s',
    'no sign of a ‹Segmentation violation› in 10 logs',
    "no '‹std::bad_alloc›' was thrown",
    'did not find any ‹Segmentation fault›',
    "it didn't see a ‹Bus error›",
    '0 ‹Segmentation fault›s',
    'done: 12 passed, 0 ‹Aborted›',
    // Counts of zero.
    '‹Bus error›: 0',
    '‹Bus error› = 0, ‹Killed› = 0',
    '‹Segmentation fault›s: 0',
    '‹Segmentation fault› ... not found',
    '‹Killed›: none',
    '‹Segmentation violation› was not found in rec.log',
    '‹Segmentation violation› not seen',
    '‹std::bad_alloc›: 0 times',
    '‹Segmentation fault›: no',
    'CAN ‹bus error› counter: 0',
    '‹Segmentation fault› check: passed',
    'if a ‹Segmentation fault› occurs, send the core',
    '‹floating point exception›s are enabled',
    '‹SIGSEGV› handler installed',
    // Commands that a shell shows.
    "+ grep -q '‹Segmentation violation›' my.txt",
    '++ grep -c ‹Killed› rec.log',
    '[10:11:12] + grep ‹Killed› rec.log',
    "if grep -q '‹Segmentation violation›' rec.log; then",
    'echo "‹Segmentation violation›"',
    "$ grep '‹Killed›' *.log",
    "running: awk '/‹Killed›/' rec.log",
    // Texts that a program searches for.
    "Looking for '‹Segmentation violation›' in rec.log",
    'Searching rec.log for ‹Killed› ... none',
    'checking logs for ‹Segmentation violation›',
    "pattern '‹Killed›': 0 matches",
    // Errors that are only mentioned.
    'to avoid a ‹segmentation fault› of old versions',
    'Installing handlers for ‹Segmentation violation›',
    'in case of a ‹Bus error› call the shift',
    // The error of a measurement.
    'Chi2/ndf: 1.02 ‹: error:› 0.01',
    'mean 3 ‹: error:› 1 cm',
    'slope‹: error:› 1.2e-05,',
  ])('%s', (line) => {
    expect(harmless(line)).toBe(true);
  });
});

describe('an error that happened', () => {
  it.each([
    'Error in <TUnixSystem::DispatchSignals>: ‹Segmentation violation›',
    './run.sh: line 3: 4711 ‹Segmentation fault›      (core dumped) aliroot -b -q rec.C',
    '‹Killed›',
    '‹Killed›: 9',
    '‹Bus error›: 10',
    '‹Bus error›: 0x7f001234',
    '‹Segmentation fault›: no core was written',
    "terminate called after throwing an instance of '‹std::bad_alloc›'",
    'no memory is left: ‹Killed›',
    'There is no such process. ‹Segmentation fault›',
    'task 0 ‹Killed›',
    'rank 0 ‹Segmentation fault›',
    'no: ‹Segmentation fault›',
    'note: ‹Segmentation fault›',
    'another ‹Segmentation fault›',
    'piano ‹Segmentation fault›',
    "Looking for '‹Segmentation violation›' in rec.log: found",
    'echo of the detector: ‹Segmentation violation›',
    'grep: ‹Segmentation fault›',
    'macro.C:12:3‹: error:› use of undeclared identifier',
    'macro.C:12:3‹: error:› 12 tracks expected',
    'curl‹: error:› 22',
    'tool‹: error:› not found',
    'aliroot: ‹command not found›',
    '+E-Segment ‹Killed›',
    'handler failed: ‹Segmentation fault›',
    'F-AliX: checked for nothing, ‹Segmentation fault›',
  ])('%s', (line) => {
    expect(harmless(line)).toBe(false);
  });
});

describe('a line that is hard to read', () => {
  it.each(['a, ', 'a|', "'a', ", 'no ', 'not any ', 'bus error, ', '0 ', 'for a ', 'handlers for ', ' a', 'a/'])(
    'costs no more than another: %s',
    (piece) => {
      const start = performance.now();
      for (const begin of ['', 'pattern = ', 'PATTERN="', 'patterns: ["a", ', 'looking for ', 'no ']) {
        const before = `${begin}${piece.repeat(200)}`.slice(0, 190);
        isHarmless(`${before}Killed${piece.repeat(200)}`, before.length, before.length + 6);
      }
      // An expression that backtracks would take minutes.
      expect(performance.now() - start).toBeLessThan(10_000);
    },
  );
});
