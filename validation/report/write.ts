import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderFull, renderFullHtml } from './full.ts';
import { renderHtml } from './html.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import type { Report } from './model.ts';
import type { ReportPart } from './parts.ts';

/**
 * The files of a report, by name. A large file is rendered in pieces: as one text, with its bytes and the report itself, it would
 * be in memory three times.
 */
export const RENDERINGS = {
  'report.json': renderJson,
  'index.html': renderHtml,
  'validation_report_full.txt': renderFull,
  'validation_report_full.html': renderFullHtml,
  'junit.xml': renderJunit,
} as const satisfies Record<string, Rendering>;

type Rendering = (report: Report, parts: readonly ReportPart[]) => string | Iterable<string>;

/** A file of the report, in pieces. */
export function renderFile(
  name: keyof typeof RENDERINGS,
  report: Report,
  parts: readonly ReportPart[] = [],
): Iterable<string> {
  const render: Rendering = RENDERINGS[name];
  const text = render(report, parts);
  return typeof text === 'string' ? [text] : inBlocks(text);
}

/** The number of characters that are written at once. */
const BLOCK = 2 ** 16;

function* inBlocks(pieces: Iterable<string>): Generator<string> {
  let block = '';
  for (const piece of pieces) {
    block += piece;
    if (block.length < BLOCK) continue;
    yield block;
    block = '';
  }
  if (block !== '') yield block;
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
  const write = async (name: string, text: string | Iterable<string>): Promise<void> => {
    const path = join(directory, name);
    await writeFile(`${path}.tmp`, text);
    await rename(`${path}.tmp`, path);
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  for (const name of Object.keys(RENDERINGS) as (keyof typeof RENDERINGS)[])
    await write(name, renderFile(name, report, parts));
}
