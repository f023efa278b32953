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
    expect(read('junit.xml')).toBe([...renderJunit(report)].join(''));
    expect(read('validation_report_full.txt')).toBe(renderFull(report));
  });

  it('writes a report that is larger than the pieces in which it is written', async () => {
    const report = buildReport(facts, outcome);
    const [step] = report.steps;
    const steps = Array.from({ length: 5000 }, (_, n) => ({ ...step, id: `größe${n}` }) as NonNullable<typeof step>);
    const target = join(directory, 'large');
    await writeReport(target, { ...report, steps });
    const read = (name: string): string => readFileSync(join(target, name), 'utf8');
    expect(JSON.parse(read('report.json'))).toEqual({ ...report, steps });
    expect(
      read('report.json')
        .split('\n')
        .filter((line) => line.includes('"größe4999"')),
    ).toHaveLength(1);
    expect(read('junit.xml')).toBe([...renderJunit({ ...report, steps })].join(''));
  });
});
