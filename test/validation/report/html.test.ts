import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildReport } from '../../../validation/checks/report.ts';
import { renderFullHtml } from '../../../validation/report/full.ts';
import { renderHtml } from '../../../validation/report/html.ts';
import { crash, facts, HOSTILE, hostile, hostileCriteria, outcome, step } from './sample.ts';

const html = renderHtml(buildReport(facts, outcome));

/** Addresses that cause no request to another host. */
const LOCAL = /^(\.\.\/|report\.json$|index\.html$|data:,$|#[a-z]+$)/;
/** Every tag, without its attributes. */
const tags = (text: string): string[] => [...text.matchAll(/<([a-z0-9]+)[\s>]/g)].map((match) => match[1] ?? '');
const addresses = (text: string): string[] =>
  [...text.matchAll(/(?:href|src)="([^"]*)"/g)].map((match) => match[1] ?? '');

describe('renderHtml', () => {
  it('begins with the verdict', () => {
    const body = html.slice(html.indexOf('<body>'));
    const order = ['>Failed<', '1 of 9 steps failed', 'id="findings"', 'id="steps"', 'id="timing"', 'id="provenance"'];
    expect(order.map((part) => body.indexOf(part))).toEqual(
      order.map((part) => body.indexOf(part)).sort((a, b) => a - b),
    );
    expect(order.every((part) => body.includes(part))).toBe(true);
  });

  it('links logs with relative addresses, also those with special names', () => {
    expect(html).toContain(
      '<a href="../steps/sim0003/1/logs/rec.log#:~:text=***%20Break%20***%20Segmentation%20violation">sim0003 logs/rec.log:23</a>',
    );
    expect(html).toContain('<a href="../steps/sim0001/1/stdout.log">stdout.log</a>');
    const odd = step('a', 'sim', 0, 1, { logs: ['steps/a/1/logs/a b?c#d%e.log'] });
    expect(renderHtml(buildReport(facts, { steps: [odd], inLogs: [] }))).toContain(
      'href="../steps/a/1/logs/a%20b%3Fc%23d%25e.log"',
    );
  });

  it('shows the last lines of a payload, with a link to the log', () => {
    const lastLines = { file: 'stderr.log', lines: ['loading <x>', 'aliroot: command not found'] };
    const steps = [step('a', 'sim', 0, 1, { exitStatus: 127, lastLines })];
    expect(renderHtml(buildReport(facts, { steps, inLogs: [] }))).toContain(
      `<p><a href="../steps/a/1/stderr.log#:~:text=aliroot%3A%20command%20not%20found">a stderr.log</a> ends with</p>
<pre>loading &lt;x&gt;
aliroot: command not found</pre>`,
    );
  });

  it('sends no request and runs no script', () => {
    expect(tags(html)).not.toContain('script');
    expect(addresses(html).filter((address) => !LOCAL.test(address))).toEqual([]);
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(html).toContain(
      `content="default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'"`,
    );
    expect(html).not.toMatch(/ style="| on[a-z]+=/);
  });

  it.each(Object.entries(HOSTILE))('shows what a log holds, and is not changed by it: %s', (_, text) => {
    const harmless = hostile('harmless');
    const evil = hostile(text);
    for (const render of [renderHtml, renderFullHtml]) {
      for (const compared of [false, true]) {
        const page = render(buildReport(evil.facts, evil.outcome, compared ? hostileCriteria(text) : undefined));
        const good = buildReport(harmless.facts, harmless.outcome, compared ? hostileCriteria('harmless') : undefined);
        expect(tags(page)).toEqual(tags(render(good)));
        expect(page.slice(page.indexOf('<body>'))).not.toMatch(/[^\n\P{Cc}]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}/u);
        expect(addresses(page).filter((address) => !LOCAL.test(address))).toEqual([]);
      }
    }
  });

  it('draws a bar for every step, as wide as its duration', () => {
    expect(html.match(/<rect /g)).toHaveLength(9);
    expect(html).toContain('<rect class="failed" x="5.61%" width="12.62%" height="100%"/>');
  });

  it('stays small enough for a browser, for a run of any size', () => {
    const steps = Array.from({ length: 20_000 }, (_, i) => step(`sim${i}`, 'sim', 0, 1, { exitStatus: i % 2 }));
    const inLogs = steps.map(({ id }, i) =>
      crash(id, { message: `error of kind ${String.fromCodePoint(0x4e00 + i)}` }),
    );
    const page = renderHtml(buildReport(facts, { steps, inLogs }));
    expect(page.length).toBeLessThan(5_000_000);
    expect(page).toMatch(/And 15000 more, see|And \d+ more, see/);
    expect(page.match(/<rect /g)).toHaveLength(1);
  });
});
