import type { Finding } from './model.ts';

type Prints = Pick<Finding, 'fingerprint' | 'earlierFingerprint'>;

/**
 * The fingerprints of a run's findings: tells whether a finding of another run is among them. Each finding has two
 * fingerprints: today's, and the one that older versions of relval computed. Reports of those versions have only the older
 * one, in the field `fingerprint`, so the comparison with such a report uses the older one of both sides.
 */
export class KnownFindings {
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
