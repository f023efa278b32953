import { describe, expect, it } from 'vitest';
import { judge } from '../../../validation/histograms/compare/judge.ts';
import { measure } from '../../../validation/histograms/compare/measure.ts';
import { parseHistogramRules } from '../../../validation/histograms/rules/load.ts';
import { isCompared, rulesOf, settingsOf } from '../../../validation/histograms/rules/match.ts';
import { axis, counts, filled, labelled, object, randomOf, times } from './quantities.ts';

const RULES = `
histograms:
  - { id: qa, stages: ["sim*"], files: ["QAresults*.root"], compare: true }
  - { id: raw, stages: [simRaw], compare: false }
  - { id: tpc, objects: ["QA/TPC/*"], critical: true, owner: tpc@example.org, alpha: 0.01 }
  - { id: timers, objects: ["*/hTimer*"], ignore: { reason: depends on the machine, owner: Ann, until: 2030-01-31 } }
  - { id: dca, files: [QAresults.root], objects: ["QA/TPC/hDCA"], range: [-3, 3], tests: [shape, cumulated], alpha: 0.001 }
  - { id: events, objects: [hEvents], eventCounter: { bin: accepted } }
`;

describe('rules about histograms', () => {
  const rules = parseHistogramRules('rules.yaml', RULES);

  it('select the files that are compared', () => {
    const of = (stage: string, file: string) => isCompared(rules, { stage, file });
    expect(of('sim', 'QAresults.root')).toBe(true);
    expect(of('sim', 'archive/QAresults_barrel.root')).toBe(true);
    expect(of('sim', 'AliESDs.root')).toBe(false);
    expect(of('reco', 'QAresults.root')).toBe(false);
    expect(of('simRaw', 'QAresults.root')).toBe(false);
  });

  it('are merged for an object, and later rules win', () => {
    const own = rulesOf(rules, { file: 'QAresults.root' });
    expect(settingsOf(own, 'QA/TPC/hDCA')).toEqual({
      critical: true,
      owner: 'tpc@example.org',
      alpha: 0.001,
      range: [-3, 3],
      tests: ['shape', 'cumulated'],
    });
    expect(settingsOf(rulesOf(rules, { file: 'other.root' }), 'QA/TPC/hDCA').range).toBeUndefined();
    expect(settingsOf(own, 'QA/ITS/hTimerA').ignore?.owner).toBe('Ann');
    expect(settingsOf(own, 'QA/ITS/h')).toEqual({});
  });

  it('report every mistake with its place', () => {
    const wrong = `
histograms:
  - { id: a, objects: [x], alpha: 2 }
  - { id: a, objects: [x], critical: true }
  - { id: b, critical: true }
  - { id: c, objects: [x] }
  - { id: d, objects: [x], tests: [chi] }
  - { id: e, objects: [x], range: [3, 1] }
  - { id: f, objects: [x], ignore: { reason: none } }
  - { id: g, objects: [x], ignored: true }
`;
    const lines = (text: string): string[] => {
      try {
        parseHistogramRules('rules.yaml', text);
        return [];
      } catch (error) {
        return (error as Error).message.split('\n').filter((line) => line.startsWith('rules.yaml'));
      }
    };
    expect(lines(wrong)).toEqual([
      expect.stringMatching(/^rules.yaml:3:\d+: .*alpha: must be 0.1 at most/),
      expect.stringMatching(/^rules.yaml:7:\d+: .*tests/),
      expect.stringMatching(/^rules.yaml:8:\d+: .*range: must go from the smaller/),
      expect.stringMatching(/^rules.yaml:9:\d+: .*ignore.owner: is missing/),
      expect.stringMatching(/^rules.yaml:10:\d+: .*unknown key 'ignored'/),
    ]);
    const sound = wrong.split('\n').filter((line) => !/alpha: 2|id: [defg]/.test(line));
    expect(lines(`${sound.join('\n')}  - { id: b, objects: [x], owner: Ann }\n`)).toEqual([
      expect.stringMatching(/^rules.yaml:4:14: b: 'critical' needs the key 'objects'/),
      expect.stringMatching(/^rules.yaml:5:5: c: the rule has no effect; it needs one of 'compare'/),
      expect.stringMatching(/^rules.yaml:6:\d+: rule b is defined twice/),
    ]);
  });
});

describe('judging by rules', () => {
  const random = randomOf(5);
  const normal = (count: number, shift = 0) =>
    filled(
      axis(50, -5, 5),
      times(count, () => random.normal() + shift),
    );
  const pair = (name: string, own: number, shift = 0, reference = own) =>
    measure([name], object(normal(own, shift)), [object(normal(reference))]);
  const rules = (text: string) => parseHistogramRules('rules.yaml', `histograms:\n  - ${text}\n`);
  const now = Date.parse('2029-06-01');

  it('ignores an object until the last day of the rule', () => {
    const changed = pair('h', 5000, 0.5);
    const ignore = rules('{ id: a, objects: [h], ignore: { reason: known, owner: Ann, until: 2029-05-31 } }');
    const before = judge([changed], ignore, Date.parse('2029-05-31T23:59:59Z'));
    expect(before.objects[0]).toMatchObject({ state: 'ignored', reason: 'known (Ann, until 2029-05-31)' });
    expect(before.differs).toBe(false);
    const after = judge([changed], ignore, now);
    expect(after.objects[0]).toMatchObject({ state: 'changed', reason: /no longer ignored since 2029-05-31/ });
  });

  it('lists critical objects first', () => {
    const all = [pair('a', 5000, 1), pair('b', 5000, 0.5), pair('c', 5000)];
    const { objects, reason } = judge(all, rules('{ id: a, objects: [b], critical: true, owner: Bob }'), now);
    expect(objects.map(({ name, state, critical }) => [name, state, critical])).toEqual([
      ['b', 'changed', true],
      ['a', 'changed', false],
      ['c', 'compatible', false],
    ]);
    expect(objects[0]?.owner).toBe('Bob');
    expect(reason).toMatch(/^b: mean/);
  });

  it('expects entries in proportion to the number of events', () => {
    const events = rules('{ id: n, objects: [events], eventCounter: true }');
    const half = [pair('events', 1000, 0, 2000), pair('tracks', 5000, 0, 10_000)];
    expect(judge(half, events, now).differs).toBe(false);
    const lost = [pair('events', 2000), pair('tracks', 5000, 0, 10_000)];
    const { objects } = judge(lost, events, now);
    expect(objects[0]).toMatchObject({
      name: 'tracks',
      state: 'changed',
      decided: 'normalisation',
      reason: /the number of entries for each event differs by -50/,
    });
    expect(judge(lost, [], now).differs).toBe(false);
  });

  it('takes the number of events from one bin, by its label', () => {
    const h = counts([labelled('all', 'accepted')], [0, 900, 500, 0]);
    const measured = (bin: string | number) => measure(['h'], object(h), [object(h)], { counterBin: bin }).totals?.own;
    expect(measured('accepted')).toEqual({ sum: 500, effective: 500 });
    expect(measured(1)).toEqual({ sum: 900, effective: 900 });
    expect(measured('none')).toBeUndefined();
  });

  it('divides the thresholds by the number of histograms', () => {
    const slight = pair('h', 1000, 0.18, 10_000);
    const alone = judge([slight], [], now);
    const many = judge(
      [slight, ...Array.from({ length: 2000 }, (_, i) => ({ ...pair(`c${i % 5}`, 500), path: [`c${i}`] }))],
      [],
      now,
    );
    expect(alone.objects[0]?.state).not.toBe('compatible');
    expect(many.counts.changed + many.counts.suspicious).toBe(0);
  });
});
