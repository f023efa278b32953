import type { Finding } from './model.ts';

type Prints = Pick<Finding, 'fingerprint' | 'earlierFingerprint'>;

/**
 * The troubles of a run, to see whether another run's are among them. Findings of a report that was made by a release
 * before have no earlier fingerprint: they are compared by what that release made, which the others have as well.
 */
export class KnownTroubles {
  private readonly own = new Set<string>();
  private readonly earlier = new Set<string>();
  private readonly ofOldReport = new Set<string>();

  constructor(findings: readonly Prints[]) {
    for (const { fingerprint, earlierFingerprint } of findings) {
      if (fingerprint === undefined) continue;
      if (earlierFingerprint === undefined) this.ofOldReport.add(fingerprint);
      else {
        this.own.add(fingerprint);
        this.earlier.add(earlierFingerprint);
      }
    }
  }

  has({ fingerprint, earlierFingerprint }: Prints): boolean {
    if (fingerprint === undefined) return false;
    if (earlierFingerprint === undefined) return this.ofOldReport.has(fingerprint) || this.earlier.has(fingerprint);
    return this.own.has(fingerprint) || this.ofOldReport.has(earlierFingerprint);
  }
}
