import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fingerprint, fold } from '../../../validation/checks/fingerprint.ts';

const of = (message: string, changes = {}) =>
  fingerprint({ stage: 'sim', rule: 'r', file: 'logs/rec.log', message, ...changes });

describe('fingerprint', () => {
  it.each([
    ['took 12.5 s', 'took 1e3 s'],
    ['2029-06-15 10:11:12,123 crashed', '2028-01-01T00:00:00Z crashed'],
    ['[10:11:12] crashed', '[23:59:59.5] crashed'],
    ['(!prev): 0x000000000a1b2c30 ***', '(!prev): 0xdeadbeef ***'],
    ['/tmp/a/b/sim0001.work/job/run.sh: line 3: 4711 Killed', '/tmp/c/sim0002.work/job/run.sh: line 3: 4712 Killed'],
    ['cannot open root://eos1.example.org//a/b/AliESDs.root', 'cannot open root://eos2.example.org//c/AliESDs.root'],
    ['job sim0003 in   Run329001', 'job sim0004 in Run329002'],
  ])('is the same for "%s" and "%s"', (one, other) => {
    expect(of(one)).toBe(of(other));
  });

  it.each([
    ['no histogram hPt', 'no histogram hEta'],
    ['cannot open /a/b/AliESDs.root', 'cannot open /a/b/AliAOD.root'],
    ['unknown type int32', 'unknown type int64'],
    ['Error in <TPC::Load>', 'Error in <ITS::Load>'],
    ['1/2 of events', '1 of events'],
  ])('differs for "%s" and "%s"', (one, other) => {
    expect(of(one)).not.toBe(of(other));
  });

  it('differs by stage, rule and log file, but not by the directory of the log', () => {
    const base = of('x');
    expect(of('x', { stage: 'simQaMerge' })).not.toBe(base);
    expect(of('x', { rule: 'other' })).not.toBe(base);
    expect(of('x', { file: 'logs/sim.log' })).not.toBe(base);
    expect(of('x', { file: 'rec.log' })).toBe(base);
    expect(of('x', { file: undefined })).not.toBe(base);
  });

  it('tells all errors of the corpus apart', () => {
    const corpus = readFileSync(
      fileURLToPath(new URL('../../fixtures/logs/known-errors.log', import.meta.url)),
      'utf8',
    );
    const lines = corpus.trimEnd().split('\n');
    expect(new Set(lines.map((line) => of(line))).size).toBe(lines.length);
  });

  it('folds what changes, and shows that it did', () => {
    expect(fold('at 10:11:12 /a/b/c.sh: line 7: pid 0x1f')).toBe('at <time> <path>/c.sh: line <n>: pid <n>');
  });
});
