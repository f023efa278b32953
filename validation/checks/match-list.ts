import { createHash } from 'node:crypto';

/** Beyond the limit: the number of lines of new kinds that are listed, and of lines that are folded to find their kind. */
const NEW_IN_KIND = 200;
const FOLDED = 20_000;

const UNLISTED = 'more kinds of lines are not listed';

/** Whether a finding with this message stands for kinds of lines that are not listed. */
export function isUnlisted(message: string): boolean {
  return new RegExp(`^(at least )?\\d+ ${UNLISTED}; the first: `).test(message);
}

/** How a line is listed. Undefined: it is only counted. */
export type Place = { list: 'line' | 'first of the rest'; kind: string } | undefined;

/**
 * The lines of one rule, or of one of its exceptions, in one log. The first `limit` lines are listed. Of the further lines,
 * those of a new kind are listed and the others are counted. If there are more kinds than can be listed, the first unlisted
 * line represents the rest. Its kind is made of all unlisted kinds.
 */
export class MatchList {
  counted = 0;
  private readonly limit: number;
  private listed = 0;
  /** Kinds of the listed lines, and of the rest. */
  private readonly kinds = new Set<string>();
  private readonly rest = new Set<string>();
  /** Skeletons of the lines so far. A line with a known skeleton has a known kind. */
  private readonly seen = new Set<string>();
  private folded = 0;
  private isCutShort = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * @param skeleton a cheap approximation of the kind: lines with the same skeleton have the same kind
   * @param kindOf the kind of the line, for the fingerprint
   */
  place(skeleton: () => string, kindOf: () => string): Place {
    if (this.listed < this.limit) {
      this.listed++;
      const kind = kindOf();
      this.kinds.add(kind);
      return { list: 'line', kind };
    }
    const shape = skeleton();
    if (this.seen.has(shape)) return undefined;
    if (this.folded >= FOLDED) {
      this.isCutShort = true;
      return undefined;
    }
    this.folded++;
    this.seen.add(shape);
    const kind = kindOf();
    if (this.kinds.has(kind) || this.rest.has(kind)) return undefined;
    if (this.listed < this.limit + NEW_IN_KIND) {
      this.listed++;
      this.kinds.add(kind);
      return { list: 'line', kind };
    }
    this.rest.add(kind);
    return this.rest.size === 1 ? { list: 'first of the rest', kind } : undefined;
  }

  /** The number of kinds that are not listed, in words, and a kind made of them all. */
  get unlisted(): { words: string; kind: string } | undefined {
    if (this.rest.size === 0) return undefined;
    const words = `${this.isCutShort ? 'at least ' : ''}${this.rest.size} ${UNLISTED}`;
    const digest = createHash('sha256')
      .update([...this.rest].sort().join('\n'))
      .digest('hex');
    return { words, kind: `${words} ${digest}` };
  }
}
