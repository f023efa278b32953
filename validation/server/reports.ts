import { openInside, stampOf } from '../files/open-inside.ts';
import { countTroubles } from '../report/groups.ts';
import type { Report } from '../report/model.ts';

const FILE = 'report/report.json';
/** Bytes; a run of 10,000 steps has some 10 MB. */
const LARGEST = 256 * 1024 * 1024;
/** Bytes of reports that are kept parsed. */
const KEPT = 64 * 1024 * 1024;
const COUNTS_KEPT = 20_000;

/** What a list of runs says of each. */
export interface FindingCounts {
  errors: number;
  warnings: number;
  /** Absent when the run was compared with none. */
  newErrors?: number;
  fixed?: number;
}

/** The reports of runs, read when they are asked for, and again when they have changed. */
export class Reports {
  readonly #counts = new Map<string, { stamp: string; counts: FindingCounts }>();
  readonly #parsed = new Map<string, { stamp: string; size: number; report: Report }>();

  /** @param root the run's directory @returns undefined when there is none that can be read */
  async read(root: string): Promise<Report | undefined> {
    return this.#with(root, async (stamp, size, text) => {
      const known = this.#parsed.get(root);
      this.#parsed.delete(root);
      const report = known?.stamp === stamp ? known.report : (JSON.parse(await text()) as Report);
      this.#parsed.set(root, { stamp, size, report });
      this.#evict();
      return report;
    });
  }

  async counts(root: string): Promise<FindingCounts | undefined> {
    return this.#with(root, async (stamp, _size, text) => {
      const known = this.#counts.get(root);
      if (known?.stamp === stamp) return known.counts;
      const parsed = this.#parsed.get(root);
      const report = parsed?.stamp === stamp ? parsed.report : (JSON.parse(await text()) as Report);
      const counts = countFindings(report);
      if (this.#counts.size >= COUNTS_KEPT) this.#counts.clear();
      this.#counts.set(root, { stamp, counts });
      return counts;
    });
  }

  async #with<T>(
    root: string,
    use: (stamp: string, size: number, text: () => Promise<string>) => Promise<T>,
  ): Promise<T | undefined> {
    try {
      const { handle, stat } = await openInside(root, FILE);
      try {
        if (stat.size > LARGEST) return undefined;
        return await use(stampOf(stat), stat.size, () => handle.readFile('utf8'));
      } finally {
        await handle.close();
      }
    } catch {
      return undefined;
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

function countFindings({ totals, findings, reference, fixed }: Report): FindingCounts {
  const isNew = findings.filter(({ age }) => age === 'new');
  return {
    errors: totals.errors,
    warnings: totals.warnings,
    ...(reference && {
      newErrors: countTroubles(isNew, 'error'),
      fixed: fixed?.length ?? 0,
    }),
  };
}
