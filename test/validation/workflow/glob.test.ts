import { describe, expect, it } from 'vitest';
import { globMatches } from '../../../validation/workflow/glob.ts';
import { wildcardMatches } from '../../../validation/workflow/scope.ts';

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

  it.each([
    ['a/*/c', 'a/b/c', true],
    ['a/*', 'a/b/c', false],
    ['*b*c', 'xb/bc', false],
    ['[/]', '/', false],
    ['[a/', '[a/', true],
    ['a/[b-d]', 'a/c', true],
    ['[a-]', '-', true],
    ['*.*.*', 'a.b', false],
    ['**', 'ab', true],
    ['', '', true],
    ['*', '', true],
    ['?', '\u{1f600}', true],
  ])('%s and the path %s: %s', (glob, name, expected) => {
    expect(globMatches(glob, name)).toBe(expected);
  });

  it('of anything crosses slashes', () => {
    expect(wildcardMatches('logs/*.log', 'logs/a/b.log')).toBe(true);
    expect(wildcardMatches('[a]', 'a')).toBe(false);
    expect(wildcardMatches('a?c', 'a/c')).toBe(true);
  });

  it('takes little time however many stars it has', () => {
    const start = performance.now();
    expect(wildcardMatches(`${'*a'.repeat(200)}b`, 'a'.repeat(5000))).toBe(false);
    expect(globMatches(`${'*a'.repeat(200)}b`, 'a'.repeat(5000))).toBe(false);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
