import { describe, expect, it } from 'vitest';
import { planNotifications } from '../../../validation/notify/notify.ts';
import { notifySection } from '../../../validation/notify/settings.ts';
import type { Report } from '../../../validation/report/model.ts';
import { finding, occasion, report } from './occasion.ts';

/** Why the channel gets no message; undefined if it gets one. */
function skipped(more: object, about = occasion(), before?: Report): string | undefined {
  const settings = notifySection.parse({ channels: [{ type: 'slack', urlFile: '/u', ...more }] });
  const [planned] = planNotifications(settings, about, { before });
  expect(planned?.deliveries.length === 0).toBe(planned?.skipped !== undefined);
  return planned?.skipped;
}

describe('a channel gets a message', () => {
  it('of the events that it wants: by default when a run has finished', () => {
    expect(skipped({})).toBeUndefined();
    expect(skipped({}, occasion({ event: 'started' }))).toBe('it gets no message when a run has started');
    expect(skipped({ events: ['started'] }, occasion({ event: 'started' }))).toBeUndefined();
    expect(skipped({ events: ['started'] })).toBe('it gets no message when a run has finished');
  });

  it('of the verdicts that it wants', () => {
    expect(skipped({ verdicts: ['failed', 'broken'] })).toBeUndefined();
    expect(skipped({ verdicts: ['passed'] })).toBe('it gets no message when a run has failed');
    expect(skipped({ verdicts: ['passed'], events: ['started'] }, occasion({ event: 'started' }))).toBeUndefined();
  });

  it('of the runs that it wants, by name or workflow', () => {
    expect(skipped({ workflows: ['night*'] })).toBeUndefined();
    expect(skipped({ workflows: ['mc'] })).toBeUndefined();
    expect(skipped({ workflows: ['reco', 'daily'] })).toBe('it is not for nightly of workflow mc');
  });
});

describe('only on change', () => {
  const only = { onlyOnChange: true };

  it('not when verdict and new errors are those of the run before, in whatever order and place', () => {
    const before = report({
      run: 'before',
      findings: [...report().findings].reverse().map((one) => ({ ...one, step: 'other', line: 3 })),
    });
    expect(skipped(only, occasion(), before)).toBe('nothing has changed since before');
    expect(skipped({}, occasion(), before)).toBeUndefined();
  });

  it('when there was none before, another verdict, or another set of new errors', () => {
    expect(skipped(only)).toBeUndefined();
    expect(skipped(only, occasion(), report({ verdict: 'broken' }))).toBeUndefined();
    expect(skipped(only, occasion(), report({ findings: [] }))).toBeUndefined();
    const more = [...report().findings, finding('sim0009', 'another one', { age: 'new' })];
    expect(skipped(only, occasion({ report: report({ findings: more }) }), report())).toBeUndefined();
    const other = report().findings.map((one) => (one.age === 'new' ? { ...one, fingerprint: 'f' } : one));
    expect(skipped(only, occasion({ report: report({ findings: other }) }), report())).toBeUndefined();
  });

  it('a difference only in known errors or warnings is not a change', () => {
    const findings = [
      ...report().findings,
      finding('sim0009', 'known', { age: 'known' }),
      finding('s', 'w', { severity: 'warning' }),
    ];
    expect(skipped(only, occasion({ report: report({ findings }) }), report({ run: 'b' }))).toBe(
      'nothing has changed since b',
    );
  });
});

it('channels of one type have numbers, or their own names', () => {
  const channels = [
    { type: 'slack', urlFile: '/a' },
    { type: 'slack', urlFile: '/b' },
    { type: 'webhook', url: 'http://c' },
    { type: 'webhook', url: 'http://c', name: 'd' },
  ];
  const planned = planNotifications(notifySection.parse({ channels }), occasion());
  expect(planned.map(({ channel }) => channel)).toEqual(['slack-1', 'slack-2', 'webhook-1', 'd']);
});

it('with force whatever the conditions say, but a JIRA comment needs an issue', () => {
  const channels = [
    { type: 'slack', urlFile: '/a', events: ['started'] },
    { type: 'jira', url: 'https://j', tokenFile: '/t' },
  ];
  const planned = planNotifications(notifySection.parse({ channels }), occasion(), { force: true });
  expect(planned.map(({ deliveries }) => deliveries.length)).toEqual([1, 0]);
  expect(planned[1]?.skipped).toBe('it has no issue: neither `issue` nor --jira names one');
});
