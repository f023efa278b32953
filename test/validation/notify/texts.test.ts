import { describe, expect, it } from 'vitest';
import { deliveriesOf } from '../../../validation/notify/deliveries.ts';
import { type Channel, channelSchema } from '../../../validation/notify/settings.ts';
import { finding, occasion, report } from './occasion.ts';

const CHANNELS: Record<string, object> = {
  jira: { url: 'https://jira.example.org', issue: 'REL-1', tokenFile: '/t' },
  mattermost: { urlFile: '/u' },
  slack: { urlFile: '/u' },
  webhook: { url: 'https://hook.example.org/x' },
  email: { from: 'relval@example.org', to: ['shift@example.org'], host: 'mail.example.org' },
};

function channel(type: string, more: object = {}): Channel {
  return channelSchema.parse({ type, ...CHANNELS[type], ...more });
}

/** The visible text. */
function text(type: string, about = occasion(), more: object = {}): string {
  const last = deliveriesOf(channel(type, more), about).at(-1);
  if (last?.kind === 'mail') return last.text;
  const body = last?.body as { text?: string; body?: string };
  return body.text ?? body.body ?? '';
}

describe('the texts for people', () => {
  it('has the verdict and its reason, then new errors by component and contact, then fixed and slower ones, then links', () => {
    expect(text('email')).toBe(`FAILED nightly (v5-10-02): 1 new error in sim0003

TPC (A. Expert <tpc@example.org>): 1 new
  - *** Break *** segmentation violation (segmentation-violation in sim0003, sim0004, log: https://relval.example.org/runs/nightly-20290615-080000/steps/sim0003?stream=logs%2Frec.log&attempt=1#L25)

  - fixed: Error: gone now (error)
  - sim, median: 1 min 30 s, usually 1 min (50 % more; normal variation ±5.0 s, from 7 runs)
Run nightly-20290615-080000, 9 steps in 1 min 35 s: 3 errors, 2 warnings; compared with nightly-20290614-080000: 1 new, 1 known
open the run: https://relval.example.org/runs/nightly-20290615-080000 · report: https://relval.example.org/api/v1/runs/nightly-20290615-080000/report?format=html`);
  });

  it('calls nothing new without a reference, and names nobody without components', () => {
    const { reference: _reference, components: _components, ...rest } = report();
    const findings = [finding('sim0001', 'Fatal: x')];
    const plain = text(
      'email',
      occasion({ report: { ...rest, findings, fixed: [], changes: [] }, publicUrl: undefined }),
    );
    expect(plain).toBe(`FAILED nightly (v5-10-02): 1 new error in sim0003

No component: 1 found
  - Fatal: x (segmentation-violation in sim0001)

Run nightly-20290615-080000, 9 steps in 1 min 35 s: 3 errors, 2 warnings`);
  });

  it('is short when a run has started', () => {
    expect(text('slack', occasion({ event: 'started' }))).toBe(
      '*Started* nightly: 9 steps of workflow mc, v5-10-02, run nightly-20290615-080000\n<https://relval.example.org/runs/nightly-20290615-080000|open the run>',
    );
  });

  it('names some of many errors, and the number of the others', () => {
    const findings = Array.from({ length: 500 }, (_, i) => finding(`sim${i}`, `${'x'.repeat(5000)} ${i}`));
    for (const type of ['jira', 'mattermost', 'slack', 'email']) {
      const shown = text(type, occasion({ report: report({ findings }) }));
      expect(shown.length).toBeLessThan(6000);
      expect(shown).toContain('and 492 more');
    }
  });

  it('of one’s own template, whose names are checked before anything runs', () => {
    const finished = '{{name}}: {{verdict}}{{#components}} {{component}}{{/components}}';
    expect(text('email', occasion(), { templates: { finished } })).toBe('nightly: FAILED TPC');
    expect(() => channel('email', { templates: { finished: 'a\n{{nmae}}' } })).toThrow(
      /line 2: there is no \{\{nmae}}; known are .*name/,
    );
    expect(() => channel('email', { templates: { finished: '{{#fixed}}' } })).toThrow(
      /line 1: \{\{#fixed}} is not closed/,
    );
    expect(() => channel('email', { templates: { finished: '{{#fixed}}{{/page}}' } })).toThrow(/closes no section/);
  });
});

const HOSTILE =
  '@channel <!channel> @here [x](javascript:alert(1)) {code}*b*{code} [~admin] !http://evil/x.png! `rm` \\\\ <script>&lt; |a|\u001b[31m\u202e\r\nBcc: x@y.z h1. _i_ ~s~';

describe('text of logs has no meaning in a message', () => {
  const hostile = occasion({
    report: report({
      reason: HOSTILE,
      findings: [finding('s', HOSTILE, { component: HOSTILE, rule: HOSTILE })],
      fixed: [],
      changes: [],
    }),
    name: HOSTILE,
    publicUrl: undefined,
  });

  it.each(['jira', 'mattermost', 'slack', 'email'])('%s: no control characters, and no lines of their own', (type) => {
    const shown = text(type, hostile);
    expect(shown.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\u202e/u);
    expect(shown).not.toMatch(/^.{0,3}(Bcc|h1\.)/m);
    expect(shown.split('\n')).toHaveLength(6);
  });

  it('mattermost: nobody is mentioned, no link, no emphasis', () => {
    const shown = text('mattermost', hostile);
    expect(shown).not.toMatch(/@(channel|here|all|admin)/);
    expect(shown).not.toMatch(/<[!@]/);
    expect(shown.replace(/``.*``/g, '')).not.toMatch(/(?<!\\)[\]`_~]|(?<![*\\])\*(?!\*)/);
    // The line of the log is in code, after a fence that is longer than any run of backticks in it.
    expect(shown).toMatch(/^- ``@.*`rm`.*`` \(/m);
  });

  it('slack: nobody is mentioned, nothing is a link or an entity of theirs', () => {
    const shown = text('slack', hostile);
    expect(shown).not.toMatch(/[<>]/);
    expect(shown).not.toMatch(/@(channel|here)/);
    expect(shown).toContain('&lt;script&gt;&amp;lt;');
    expect(shown.match(/`/g)).toHaveLength(2 + [...shown.matchAll(/\u200b`\u200b/g)].length);
  });

  it('jira: no macro, mention, image, link, table or line break', () => {
    const shown = text('jira', hostile)
      .replace(/\\[{}[\]()*_+^~?!|#"'-]/g, '')
      .replace(/^\*.*\*|^\* /gm, '')
      .replaceAll('{{', '')
      .replaceAll('}}', '');
    expect(shown).not.toMatch(/[{}[\]|!\\*_]/);
    expect(text('jira', hostile)).toContain('&#92;&#92;');
  });

  it('email: one subject line, and plain text', () => {
    const [mail] = deliveriesOf(channel('email'), hostile);
    if (mail?.kind !== 'mail') throw new Error('no mail');
    expect(mail.subject).not.toMatch(/\p{Cc}/u);
    expect(mail.subject.length).toBeLessThanOrEqual(201);
  });
});

describe('the receivers', () => {
  it('jira: watchers when a run starts, then the comment; the flag’s issue beats the configured one', () => {
    const jira = channel('jira', { watchers: ['alice', 'b"ob'], url: 'https://jira.example.org/base/' });
    const sent = deliveriesOf(jira, occasion({ event: 'started' }), 'REL-2').map((one) =>
      one.kind === 'http' ? [one.url, one.body] : [],
    );
    const issue = 'https://jira.example.org/base/rest/api/2/issue/REL-2';
    expect(sent.slice(0, 2)).toEqual([
      [`${issue}/watchers`, 'alice'],
      [`${issue}/watchers`, 'b"ob'],
    ]);
    expect(sent[2]?.[0]).toBe(`${issue}/comment`);
    expect(deliveriesOf(jira, occasion())).toHaveLength(1);
  });

  it('email: also the contacts of components with new errors, and nobody else’s', () => {
    const [mail] = deliveriesOf(channel('email', { contacts: true }), occasion());
    expect(mail).toMatchObject({
      to: ['shift@example.org', 'tpc@example.org'],
      subject: '[relval] nightly FAILED: 1 new error in sim0003',
      headers: { References: '<nightly-20290615-080000.started@example.org>' },
    });
  });

  it('webhook: the unchanged report', () => {
    const [hook] = deliveriesOf(channel('webhook'), occasion());
    expect(hook).toMatchObject({
      url: 'https://hook.example.org/x',
      body: {
        schema: 'relval-notification-1',
        event: 'finished',
        page: 'https://relval.example.org/runs/nightly-20290615-080000',
        report: report(),
      },
    });
  });
});
