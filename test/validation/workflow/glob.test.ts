import { describe, expect, it } from 'vitest';
import { globMatches } from '../../../validation/workflow/glob.ts';

describe('a glob', () => {
  it.each([
    ['QAresults*.root', 'QAresults_barrel.root', true],
    ['QAresults*.root', 'QAresults.root', true],
    ['QAresults*.root', 'xQAresults.root', false],
    ['*.stat.qa*', 'event.stat.qa', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['[ab]1', 'b1', true],
    ['[!ab]1', 'b1', false],
    ['[!ab]1', 'c1', true],
    ['a.b', 'axb', false],
    ['(x)|$', '(x)|$', true],
    ['*', 'a/b', false],
    ["it's [1].root", "it's [1].root", true],
  ])('%s and the name %s: %s', (glob, name, expected) => {
    expect(globMatches(glob, name)).toBe(expected);
  });
});
