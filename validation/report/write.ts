import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderFull } from './full.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import type { Report } from './model.ts';

/** Writes every rendering into the directory, which is made where it is missing; each file is replaced in one go. */
export async function writeReport(directory: string, report: Report): Promise<void> {
  await mkdir(directory, { recursive: true });
  const files: [name: string, text: string][] = [
    ['report.json', `${JSON.stringify(report, null, 1)}\n`],
    ['index.html', renderHtml(report)],
    ['validation_report_full.txt', renderFull(report)],
    ['junit.xml', renderJunit(report)],
  ];
  for (const [name, text] of files) {
    const path = join(directory, name);
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
  }
}
