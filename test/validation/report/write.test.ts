import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildReport } from '../../../validation/checks/report.ts';
import { renderFull } from '../../../validation/report/full.ts';
import { renderHtml } from '../../../validation/report/html.ts';
import { renderJunit } from '../../../validation/report/junit.ts';
import { writeReport } from '../../../validation/report/write.ts';
import { facts, outcome } from './sample.ts';

const directory = mkdtempSync(join(tmpdir(), 'relval-report-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('writeReport', () => {
  it('writes every rendering, and replaces old files', async () => {
    const report = buildReport(facts, outcome);
    const target = join(directory, 'run', 'report');
    await writeReport(target, buildReport({ ...facts, run: 'old' }, outcome));
    await writeReport(target, report);
    const read = (name: string): string => readFileSync(join(target, name), 'utf8');
    expect(readdirSync(target).sort()).toEqual([
      'index.html',
      'junit.xml',
      'report.json',
      'validation_report_full.html',
      'validation_report_full.txt',
    ]);
    expect(JSON.parse(read('report.json'))).toEqual(report);
    expect(read('index.html')).toBe(renderHtml(report));
    expect(read('junit.xml')).toBe(renderJunit(report));
    expect(read('validation_report_full.txt')).toBe(renderFull(report));
  });
});
