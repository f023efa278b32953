import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fingerprint, fold, foldAround, foldOfHosts } from '../../../validation/checks/fingerprint.ts';

const of = (message: string, changes = {}) =>
  fingerprint({ stage: 'sim', rule: 'r', file: 'logs/rec.log', message, ...changes });

/** Blocks of lines that are the same error, and their fingerprints. */
function corpus(): { blocks: string[][]; prints: string[][] } {
  const file = fileURLToPath(new URL('../../fixtures/checks/errors.txt', import.meta.url));
  const text = readFileSync(file, 'utf8').replace(/^#.*\n/gm, '');
  const blocks = text
    .split('\n\n')
    .map((block) => block.split('\n').filter((line) => line !== ''))
    .filter((block) => block.length > 0);
  return { blocks, prints: blocks.map((block) => block.map((line) => of(line))) };
}

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

  it('differs for all errors of the corpus, and is the same on another host and day', () => {
    const { blocks, prints } = corpus();
    expect(blocks.length).toBeGreaterThan(60);
    const of = new Map<string, string>();
    for (const [index, block] of prints.entries()) {
      expect(new Set(block).size, `the same error: ${blocks[index]?.join(' | ')}`).toBe(1);
      const before = of.get(block[0] ?? '');
      expect(before, `different errors: ${before} | ${blocks[index]?.[0]}`).toBeUndefined();
      of.set(block[0] ?? '', blocks[index]?.[0] ?? '');
    }
  });

  it('differs for crashes with the same message at different places', () => {
    const at = (...trace: string[]) => of(' *** Break *** segmentation violation', { trace });
    expect(at('AliTPCtracker::Follow')).not.toBe(at('AliITStracker::Follow'));
    expect(at('AliTPCtracker::Follow')).not.toBe(of(' *** Break *** segmentation violation'));
    expect(at('AliTPCtracker::Follow')).toBe(at('AliTPCtracker::Follow'));
  });

  it.each(['x', '1', 'a1', '/a', 'a.', '-', '0x', '2029-', '1m', '1.1 ', 'a<1,', '_1', 'a,', 'f:', 'A_1.'])(
    'takes no longer for a long line of %s than for a few',
    (piece) => {
      const start = performance.now();
      fold(piece.repeat(200_000));
      // With a pattern that backtracks this would take minutes.
      foldAround(piece.repeat(4000), 2000);
      expect(performance.now() - start).toBeLessThan(30_000);
    },
  );

  it('stays the same when the text before the match gets shorter or longer', () => {
    const around = (line: string) => foldAround(line, line.indexOf('Killed'));
    expect(around('at 10:11:12 /a/b/c.sh: line 7: Killed by 12')).toBe(
      'at <time> <path>/c.sh: line <n>: Killed by <n>',
    );
    expect(around(`${'1 '.repeat(300)}Killed`)).toBe(`${'<n> '.repeat(50)}Killed`);
    expect(around(`Killed${' 1'.repeat(300)}`)).toHaveLength(300);
  });

  it('folds the hosts of the run, also without their domain, except a name that is a word', () => {
    const on = (line: string, ...hosts: string[]) => foldAround(line, 0, foldOfHosts(hosts));
    const folded = 'no answer of <host>, <host> and <path>/x.root.';
    expect(on('no answer of wn-7, wn-7.cluster and /data/wn-7/x.root.', 'wn-7.cluster', 'wn-71')).toBe(folded);
    expect(on('no answer of b+1.x, wn-71 and /y/x.root.', 'b+1.x', 'wn-71')).toBe(folded);
    expect(on('alice has wn-72 and xwn-7', 'alice', 'wn-7')).toBe('alice has wn-<n> and xwn-<n>');
  });

  it('replaces changing parts by visible placeholders', () => {
    expect(fold('at 10:11:12 /a/b/c.sh: line 7: pid 0x1f')).toBe('at <time> <path>/c.sh: line <n>: pid <n>');
  });
});
