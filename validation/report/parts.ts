/** A JUnit test case that a kind of check adds. All fields are texts, never markup. */
export interface PartCase {
  /** The class of the test case is the name of the run followed by this name. */
  group: string;
  name: string;
  kind: 'passed' | 'failure' | 'skipped';
  /** The reason; for a passed case, its output. */
  message?: string;
}

/** The parts of a report that a kind of check adds, made from its details in `checks`. */
export interface ReportPart {
  /** The key of its details in `checks`. */
  id: string;
  /** Lines for a terminal; the first is the heading. Every text from outside must be printable. */
  text(details: unknown): string[];
  /** A section of the page. Every text from outside must be escaped. It has no script and only the style of the page. */
  html(details: unknown): string;
  junit(details: unknown): PartCase[];
}

/** Renders each part that has details. */
export function fromParts<T>(
  checks: Readonly<Record<string, unknown>> | undefined,
  parts: readonly ReportPart[],
  render: (part: ReportPart, details: unknown) => T,
): T[] {
  return parts.flatMap((part) => (checks && Object.hasOwn(checks, part.id) ? [render(part, checks[part.id])] : []));
}
