import { describe, expect, it } from 'vitest';
import { coversFile, coversStage, wildcardMatches } from '../../../validation/workflow/scope.ts';

describe('patterns of stages, files and objects', () => {
  it.each<[string, string, boolean]>([
    ['QA/TPC/*', 'QA/TPC/dir/hDCA', true],
    ['QA/TPC/*', 'QA/TPC/', true],
    ['QA/TPC/*', 'QA/TPC', false],
    ['*hTimer*', 'QA/hTimerA', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*.root', 'a.root.txt', false],
    ['a*b*c', 'a-b-b-c', true],
    ['', '', true],
    ['**', 'anything', true],
    ['a.c', 'abc', false],
    ['h[1]', 'h[1]', true],
  ])('%s and %s: %s', (pattern, text, expected) => {
    expect(wildcardMatches(pattern, text)).toBe(expected);
  });

  it('take no time that grows without bounds', () => {
    const before = performance.now();
    expect(wildcardMatches('*a*a*a*a*a*a*a*a*b', 'a'.repeat(5000))).toBe(false);
    expect(performance.now() - before).toBeLessThan(5000);
  });

  it('cover files by path and by base name, and all where nothing is said', () => {
    expect(coversFile({ files: ['QA*.root'] }, 'output/0001/QAresults.root')).toBe(true);
    expect(coversFile({ files: ['QA*.root'] }, 'output/AliESDs.root')).toBe(false);
    expect(coversFile({}, 'anything')).toBe(true);
    expect(coversStage({ stages: ['sim*'] }, 'simQaMerge')).toBe(true);
    expect(coversStage({ stages: ['sim*'] }, 'reco')).toBe(false);
  });
});
