/** A test case of JUnit that a kind of check adds; all are texts, never markup. */
export interface PartCase {
  /** The class is that of the run with this name behind it. */
  group: string;
  name: string;
  kind: 'passed' | 'failure' | 'skipped';
  /** Why; of a case that passed it is its output. */
  message?: string;
}

/** What a kind of check adds to the renderings of a report, from its details in `checks`. */
export interface ReportPart {
  /** Key of its details in `checks`. */
  id: string;
  /** Lines for a terminal: the first is the heading. Every text from outside must have been made printable. */
  text(details: unknown): string[];
  /** A section of the page. Every text from outside must have been escaped; there is no script, and no style but that of the page. */
  html(details: unknown): string;
  junit(details: unknown): PartCase[];
}

/** What each part makes of its details; parts without details are left out. */
export function fromParts<T>(
  checks: Readonly<Record<string, unknown>> | undefined,
  parts: readonly ReportPart[],
  render: (part: ReportPart, details: unknown) => T,
): T[] {
  return parts.flatMap((part) => (checks && Object.hasOwn(checks, part.id) ? [render(part, checks[part.id])] : []));
}
