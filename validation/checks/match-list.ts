import { createHash } from 'node:crypto';

/** Beyond the limit: how many are listed of those that are new in kind, and how many lines are folded to see that. */
const NEW_IN_KIND = 200;
const FOLDED = 20_000;

const UNLISTED = 'more kinds of lines are not listed';

/** Whether a message is that of a finding that stands for kinds of lines that are not listed. */
export function isUnlisted(message: string): boolean {
  return new RegExp(`^(at least )?\\d+ ${UNLISTED}; the first: `).test(message);
}

/** What a list says of a line: how it is to be listed, or that it is only counted. */
export type Place = { list: 'line' | 'first of the rest'; kind: string } | undefined;

/**
 * The lines of one rule, or of one of its exceptions, in one log: the first `limit` are listed; of further ones those that
 * are new in kind, however far down they are, and the others are counted. Where there are more kinds than can be listed,
 * the first that is not stands for the rest, with a kind that says which they are.
 */
export class MatchList {
  counted = 0;
  private readonly limit: number;
  private listed = 0;
  /** Kinds of listed lines, and of those that the rest is of. */
  private readonly kinds = new Set<string>();
  private readonly rest = new Set<string>();
  /** Lines without what certainly changes: of one that was seen before the kind was seen as well. */
  private readonly seen = new Set<string>();
  private folded = 0;
  private isCutShort = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * @param skeleton the line without some of what its kind leaves out: it is cheaper to make
   * @param kindOf what tells the line from others
   */
  place(skeleton: () => string, kindOf: () => string): Place {
    if (this.listed < this.limit) {
      this.listed++;
      const kind = kindOf();
      this.kinds.add(kind);
      return { list: 'line', kind };
    }
    const outline = skeleton();
    if (this.seen.has(outline)) return undefined;
    if (this.folded >= FOLDED) {
      this.isCutShort = true;
      return undefined;
    }
    this.folded++;
    this.seen.add(outline);
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

  /** How many kinds are not listed, in words, and what tells them from those of another run. */
  get unlisted(): { words: string; kind: string } | undefined {
    if (this.rest.size === 0) return undefined;
    const words = `${this.isCutShort ? 'at least ' : ''}${this.rest.size} ${UNLISTED}`;
    const digest = createHash('sha256')
      .update([...this.rest].sort().join('\n'))
      .digest('hex');
    return { words, kind: `${words} ${digest}` };
  }
}
