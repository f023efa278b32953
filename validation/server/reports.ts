import type { FileHandle } from 'node:fs/promises';
import { isQuicklyRead } from '../files/json-bytes.ts';
import { openInside, stampOf } from '../files/open-inside.ts';
import { countDistinct } from '../report/groups.ts';
import type { Report } from '../report/model.ts';

const FILE = 'report/report.json';
/** The largest size of a report, bytes. A run of 100,000 steps has about 60 MB. */
const LARGEST = 128 * 1024 * 1024;
/** The largest size of all parsed reports in memory, bytes. */
const KEPT = 64 * 1024 * 1024;
const COUNTS_KEPT = 20_000;

/** The part of a report for the list of runs. */
export interface FindingCounts {
  errors: number;
  warnings: number;
  /** Absent if the run was not compared with a reference. */
  newErrors?: number;
  fixed?: number;
}

/** The reports of runs. A report is read at the first request, and again after it has changed. */
export class Reports {
  readonly #counts = new Map<string, { stamp: string; counts: FindingCounts }>();
  readonly #parsed = new Map<string, { stamp: string; size: number; report: Report }>();
  /** Reports that are being read: who asks meanwhile gets the same one. */
  readonly #underWay = new Map<string, { stamp: string; report: Promise<Report> }>();
  /** Stamps of files that are not valid reports, so that they are not read again. */
  readonly #bad = new Map<string, string>();

  /** @param root the run's directory @returns undefined if there is no readable report */
  async read(root: string): Promise<Report | undefined> {
    return this.#with(root, async (stamp, size, readReport) => {
      const known = this.#parsed.get(root);
      this.#parsed.delete(root);
      const report = known?.stamp === stamp ? known.report : await this.#once(root, stamp, readReport);
      this.#parsed.set(root, { stamp, size, report });
      this.#evict();
      return report;
    });
  }

  async counts(root: string): Promise<FindingCounts | undefined> {
    return this.#with(root, async (stamp, _size, readReport) => {
      const known = this.#counts.get(root);
      if (known?.stamp === stamp) return known.counts;
      const parsed = this.#parsed.get(root);
      const report = parsed?.stamp === stamp ? parsed.report : await this.#once(root, stamp, readReport);
      const counts = countFindings(report);
      if (this.#counts.size >= COUNTS_KEPT) this.#counts.clear();
      this.#counts.set(root, { stamp, counts });
      return counts;
    });
  }

  async #once(root: string, stamp: string, readReport: () => Promise<Report>): Promise<Report> {
    const known = this.#underWay.get(root);
    if (known?.stamp === stamp) return known.report;
    const underWay = { stamp, report: readReport() };
    this.#underWay.set(root, underWay);
    try {
      return await underWay.report;
    } finally {
      if (this.#underWay.get(root) === underWay) this.#underWay.delete(root);
    }
  }

  async #with<T>(
    root: string,
    use: (stamp: string, size: number, read: () => Promise<Report>) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      const { handle, stat } = await openInside(root, FILE);
      try {
        if (stat.size > LARGEST) return undefined;
        const stamp = stampOf(stat);
        if (this.#bad.get(root) === stamp) return undefined;
        return await use(stamp, stat.size, () => this.#parse(root, stamp, handle));
      } finally {
        await handle.close();
      }
    } catch {
      return undefined;
    }
  }

  async #parse(root: string, stamp: string, handle: FileHandle): Promise<Report> {
    try {
      return parseReport(await handle.readFile());
    } catch (error) {
      if (this.#bad.size >= COUNTS_KEPT) this.#bad.clear();
      this.#bad.set(root, stamp);
      throw error;
    }
  }

  #evict(): void {
    let bytes = 0;
    for (const { size } of this.#parsed.values()) bytes += size;
    for (const [root, { size }] of this.#parsed) {
      if (bytes <= KEPT || this.#parsed.size === 1) return;
      this.#parsed.delete(root);
      bytes -= size;
    }
  }
}

/** @throws Error when it is not a report */
function parseReport(bytes: Buffer): Report {
  if (!isQuicklyRead(bytes)) throw new RangeError('too many lists and maps');
  const report: unknown = JSON.parse(bytes.toString('utf8'));
  const { totals, findings, steps, provenance } = report as Partial<Record<keyof Report, unknown>>;
  const isReport = [totals, provenance].every(isMap) && [findings, steps].every(isListOfMaps);
  if (!isReport) throw new TypeError('no report');
  return report as Report;
}

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isListOfMaps(value: unknown): boolean {
  return Array.isArray(value) && value.every(isMap);
}

function countFindings({ totals, findings, reference, fixed }: Report): FindingCounts {
  const isNew = findings.filter(({ age }) => age === 'new');
  return {
    errors: totals.errors,
    warnings: totals.warnings,
    ...(reference && {
      newErrors: countDistinct(isNew, 'error'),
      fixed: fixed?.length ?? 0,
    }),
  };
}
