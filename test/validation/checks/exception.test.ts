import { describe, expect, it } from 'vitest';
import { exceptionFor } from '../../../validation/checks/exception.ts';
import { withException } from '../../../validation/checks/exception-file.ts';
import { loadRules, parseRules } from '../../../validation/checks/rules.ts';
import { excuses } from '../../../validation/checks/scope.ts';
import { parseHistogramRules } from '../../../validation/histograms/rules/load.ts';
import type { Finding } from '../../../validation/report/model.ts';

const EXCUSE = { reason: 'known: a leak', owner: 'Ann', until: '2030-01-31' };
const finding = (over: Partial<Finding> = {}): Finding => ({
  step: 'sim0003',
  stage: 'sim',
  attempt: 1,
  severity: 'error',
  rule: 'aliroot-error',
  file: 'logs/sim.log',
  message: 'E-AliTPCReco::Process: cannot open /data/run123/file 17.root at 12:34:56',
  ...over,
});
const entryFor = (one: Finding) => {
  const entry = exceptionFor(one, EXCUSE, loadRules().steps);
  if (typeof entry === 'string') throw new Error(entry);
  return entry;
};

describe('the exception for a finding', () => {
  it('names rule, stage and log, and the words of the line that are the same in every run', () => {
    const entry = entryFor(finding());
    expect(entry).toEqual({
      section: 'rules',
      rule: 'aliroot-error',
      except: { stages: ['sim'], files: ['logs/sim.log'], contains: 'E-AliTPCReco::Process: cannot open', ...EXCUSE },
    });
    const [rule] = parseRules(
      'r.yaml',
      withException('rules:\n  - { id: aliroot-error, contains: xyz, severity: error }', entry),
    ).logs;
    const [exception] = rule?.except ?? [];
    if (!exception) throw new Error('no exception');
    expect(excuses(exception, 'E-AliTPCReco::Process: cannot open /other/9.root at 01:02:03')).toBe(true);
    expect(excuses(exception, 'E-AliTPCReco::Process: no clusters in 9.root')).toBe(false);
  });

  it('contains the whole line if that has only numbers and paths', () => {
    expect(entryFor(finding({ message: 'E-A: /data/1 23 at 12:34:56' }))).toMatchObject({
      except: { contains: 'E-A: /data/1 23 at 12:34:56' },
    });
  });

  it('keeps the exit status: another exit status is not excused', () => {
    const { file: _, ...ended } = finding({ rule: 'exit-status', message: 'the payload ended with exit status 3' });
    expect(entryFor(ended)).toMatchObject({ except: { contains: 'the payload ended with exit status 3' } });
  });

  it('keeps what the payload wrote last: another error with the same exit status is not excused', () => {
    const { file: _, ...ended } = finding({
      rule: 'exit-status',
      message: 'the payload ended with exit status 1',
      lastLines: { file: 'stderr.log', lines: ['  File "qa.py", line 12', "KeyError: 'hits(TPC)' in event 17"] },
    });
    const entry = entryFor(ended);
    const [rule] = parseRules(
      'r.yaml',
      withException('rules:\n  - { id: exit-status, check: exit-status, severity: error }', entry),
    ).steps;
    const [exception] = rule?.except ?? [];
    if (!exception) throw new Error('no exception');
    const status = 'the payload ended with exit status 1';
    expect(excuses(exception, `${status}\nKeyError: 'hits(TPC)' in event 903`)).toBe(true);
    expect(excuses(exception, `${status}\nKeyError: 'hits(TRD)' in event 17`)).toBe(false);
  });

  it('names the object of a histogram, in the section histograms', () => {
    const { file: _, ...one } = finding({
      rule: 'histogram',
      compared: { file: 'QAresults.root', object: 'QA/TPC/hDCA' },
    });
    const text = withException('', entryFor(one));
    expect(parseHistogramRules('r.yaml', text)).toMatchObject([
      {
        id: expect.stringMatching(/^ignore-sim-qa-tpc-hdca-[0-9a-f]{8}$/),
        stages: ['sim'],
        files: ['QAresults.root'],
        objects: ['QA/TPC/hDCA'],
        ignore: EXCUSE,
      },
    ]);
  });

  it.each(['infrastructure', 'no-log', 'not-run', 'fan-out'])(
    'there is none for %s, which comes from no rule',
    (rule) => {
      expect(exceptionFor(finding({ rule }), EXCUSE, [])).toContain('no exception can excuse');
    },
  );
});

describe('adding an exception to a rule file', () => {
  it('keeps comments and other rules, and adds the exception to its rule', () => {
    const text = `# ours
rules:
  # loud
  - id: aliroot-error
    except:
      - { contains: "busy", reason: old, owner: Bob }
  - { id: killed, severity: "off" }
`;
    const added = withException(text, entryFor(finding()));
    expect(added).toContain('# ours');
    expect(added).toContain('# loud');
    expect(added).toContain('id: killed');
    expect(added.match(/id: aliroot-error/g)).toHaveLength(1);
    expect(added).toContain('reason: old');
    expect(added).toContain('known: a leak');
  });

  it('replaces reason and day of an exception for the same findings', () => {
    const once = withException('', entryFor(finding()));
    const entry = exceptionFor(finding(), { ...EXCUSE, until: '2031-01-01' }, []);
    if (typeof entry === 'string') throw new Error(entry);
    const twice = withException(once, entry);
    expect(twice.match(/contains:/g)).toHaveLength(1);
    expect(twice).toContain('2031-01-01');
  });
});
