import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderFull, renderFullHtml } from './full.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import type { Report } from './model.ts';

/** The files of a report, by name. */
export const RENDERINGS = {
  'report.json': (report) => `${JSON.stringify(report, null, 1)}\n`,
  'index.html': renderHtml,
  'validation_report_full.txt': renderFull,
  'validation_report_full.html': renderFullHtml,
  'junit.xml': renderJunit,
} as const satisfies Record<string, (report: Report) => string>;

export function renderFile(name: keyof typeof RENDERINGS, report: Report): string {
  return RENDERINGS[name](report);
}

/** Writes every rendering into the directory and creates it if needed. Each file is replaced atomically. */
export async function writeReport(directory: string, report: Report): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, render] of Object.entries(RENDERINGS)) {
    const path = join(directory, name);
    await writeFile(`${path}.tmp`, render(report));
    await rename(`${path}.tmp`, path);
  }
}
