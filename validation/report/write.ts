import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderFull, renderFullHtml } from './full.ts';
import { renderHtml } from './html.ts';
import { renderJunit } from './junit.ts';
import type { Report } from './model.ts';
import type { ReportPart } from './parts.ts';

/** The files of a report, by name. */
export const RENDERINGS = {
  'report.json': (report) => `${JSON.stringify(report, null, 1)}\n`,
  'index.html': renderHtml,
  'validation_report_full.txt': renderFull,
  'validation_report_full.html': renderFullHtml,
  'junit.xml': renderJunit,
} as const satisfies Record<string, (report: Report, parts: readonly ReportPart[]) => string>;

export function renderFile(name: keyof typeof RENDERINGS, report: Report, parts: readonly ReportPart[] = []): string {
  const render: (report: Report, parts: readonly ReportPart[]) => string = RENDERINGS[name];
  return render(report, parts);
}

/**
 * Writes every rendering into the directory, which it creates if necessary. Each file is replaced as a whole.
 * @param parts the parts of kinds of checks
 * @param files further files of kinds of checks, by name
 */
export async function writeReport(
  directory: string,
  report: Report,
  parts: readonly ReportPart[] = [],
  files: Readonly<Record<string, string>> = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  const write = async (name: string, text: string): Promise<void> => {
    const path = join(directory, name);
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  for (const name of Object.keys(RENDERINGS) as (keyof typeof RENDERINGS)[])
    await write(name, renderFile(name, report, parts));
}
