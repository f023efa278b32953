import type { CheckResult, Subject } from '../../checks/kind.ts';
import type { Rule } from '../rules/match.ts';
import { Scratch } from './archive.ts';
import type { Details, FileDetails } from './details.ts';
import { labelOf, type Marked, markedOutputs } from './marked.ts';
import { compareOutput, notCompared, type OutputResult } from './output.ts';
import { hasFiles } from './references.ts';

/** The number of reading processes at the same time: each may use 1 GB. */
const AT_ONCE = 2;
/** A file beside the report with a line of JSON for each object. */
const STORED = 'histograms.ndjson';
const ORDER: readonly FileDetails['state'][] = ['different', 'not readable', 'not compared', 'compatible'];

export interface Settings {
  rules: readonly Rule[];
  /** Compares only objects whose names match this pattern. */
  match?: string;
  /** See CompareOptions. */
  program?: string;
}

/**
 * Compares the outputs that rules select with reference files that the user gave, or else with the outputs of the same steps
 * in good runs. Undefined if the rules select no output. An output that cannot be compared gets a state with its reason, and
 * is no finding.
 */
export async function compareOutputs(subject: Subject, settings: Settings): Promise<CheckResult<Details> | undefined> {
  const marked = await markedOutputs(subject, settings.rules);
  if (marked.length === 0) return undefined;
  const runs = subject.references.map(({ run }) => run);
  const references = hasFiles(subject) ? [...(subject.referenceFiles ?? [])] : runs;
  if (references.length === 0) return { findings: [], details: { references, files: [] } };
  const results = await compareAll(subject, marked, settings);
  return {
    findings: results.flatMap(({ findings }) => findings),
    fixed: results.flatMap(({ fixed }) => fixed),
    ...storedIn(references, results),
  };
}

/** The details, and the file beside the report with the full data of each object. */
function storedIn(
  references: string[],
  results: readonly OutputResult[],
): Pick<CheckResult<Details>, 'details' | 'files'> {
  const lines: string[] = [];
  let offset = 0;
  const files = results.map(({ file, stored }): FileDetails => {
    if (stored.length === 0) return file;
    const lengths = stored.map((line) => Buffer.byteLength(line));
    const own = { ...file, stored: { offset, lengths } };
    lines.push(...stored);
    offset += lengths.reduce((total, length) => total + length + 1, 0);
    return own;
  });
  return { details: { references, files }, files: { [STORED]: lines.map((line) => `${line}\n`).join('') } };
}

async function compareAll(subject: Subject, marked: readonly Marked[], settings: Settings): Promise<OutputResult[]> {
  const results: OutputResult[] = [];
  const waiting = [...marked.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, output] = next;
      const scratch = new Scratch();
      // An error with one file, such as no permission, must not keep the run from being judged.
      results[index] = await compareOutput(subject, output, settings, scratch)
        .catch((error: Error) => notCompared(output.step, labelOf(output), error.message))
        .finally(() => scratch.remove());
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results.sort((a, b) => ORDER.indexOf(a.file.state) - ORDER.indexOf(b.file.state));
}
