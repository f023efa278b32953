import { bounded, Starved, TooSlow } from '../jdl/bounded.ts';
import type { Severity } from '../report/model.ts';
import { foldAround, foldOfHosts } from './fingerprint.ts';
import { lineAround, linesBeside, messageAround } from './lines.ts';
import { locate } from './positions.ts';
import type { LogRule } from './rules.ts';
import { type Exception, excuse, excuses, holds } from './scope.ts';
import { Searcher } from './search.ts';
import { callsBehind, TRACE } from './trace.ts';
import { type Window, windows } from './windows.ts';

/** A line of a log that a rule is about. */
export interface LogMatch {
  rule: LogRule;
  severity: Severity;
  /** Why it is excused, and by whom; absent where it is not. */
  known?: string;
  /** The exception that would excuse it, had it not ended. */
  expired?: string;
  /** Both from 1; the column in characters. */
  line: number;
  column: number;
  /** The line, or of a long one the part around what was found. May hold any character but a line feed. */
  message: string;
  /** The line around what was found, without what changes from run to run: what tells this trouble from another. */
  kind: string;
  /** A few lines before and after. */
  context: { before: string[]; after: string[] };
  /** Of a rule with `trace`: the calls that led there, the innermost first; absent where no trace follows. */
  trace?: string[];
  /** Set on the last match of a rule that is listed: how many further lines of the file it matches. */
  more?: number;
}

export interface ScanOptions {
  /** ms since 1970: which exceptions have expired. */
  now: number;
  /** Names of the machines that the run was on: they do not make one trouble two. */
  hosts?: readonly string[];
  /** Matches to list per rule and file; of further ones, those that are new in kind, and the others are counted. */
  limit?: number;
}

const LIMIT = 20;
/** Beyond the limit: matches that are looked at for being new in kind, and how many of these are listed. */
const LOOKED_AT = 1000;
const NEW_IN_KIND = 50;
/** Bytes before and after what was found that are folded: a multiple of what is left of them. */
const FOLDED = 2000;
/** Bytes of a line, on both sides of what was found, that `matches` and exceptions see and that messages are cut from. */
const MARGIN = 4096;

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };

/**
 * Finds the lines of a log that rules are about, in their order. A line is reported once, for its most severe rule (of
 * equal ones, the first in `rules`). The file may have any size and hold any bytes; it is read once in bounded memory,
 * and a second time, as far as the last match, only when something was found. Scope and `tolerate` are not looked at.
 * @throws {SlowRule} a rule's expression takes too long on a line
 * @throws {Error} when the file cannot be read
 */
export async function scanLog(path: string, rules: readonly LogRule[], options: ScanOptions): Promise<LogMatch[]> {
  const found = await collect(path, rules, options);
  const positions = await locate(
    path,
    found.map((one) => one.offset),
  );
  return found.map(({ offset: _, ...match }, index) => ({ ...match, ...(positions[index] ?? { line: 1, column: 1 }) }));
}

/** An expression of a rule that takes too long on a line of a log. */
export class SlowRule extends Error {
  readonly rule: string;

  constructor(rule: string, why: string) {
    super(`an expression of the rule ${rule} ${why}`);
    this.rule = rule;
  }
}

async function collect(path: string, rules: readonly LogRule[], options: ScanOptions): Promise<Found[]> {
  for (let n = 1; ; n++) {
    const collector = new Collector(rules, options);
    try {
      for await (const window of windows(path, Math.max(MARGIN, TRACE))) collector.take(window);
      return collector.finish();
    } catch (error) {
      if (!(error instanceof Starved) || n === TRIES) throw error;
    }
  }
}

/** How often a log is begun again because this process had no time. */
const TRIES = 20;

type Found = Omit<LogMatch, 'line' | 'column'> & { offset: number };

/** What is listed of a rule, or of one of its exceptions. */
interface List {
  found: Found[];
  counted: number;
  /** Only from the limit on. */
  kinds?: Set<string>;
  lookedAt: number;
}

/** What the window says of one line so far. */
interface Candidate {
  rule: LogRule;
  index: number;
  severity: Severity;
  exception?: Exception | undefined;
  found: Found | undefined;
}

class Collector {
  private readonly rules: readonly LogRule[];
  private readonly options: ScanOptions;
  private readonly searcher: Searcher;
  private readonly hosts: ReturnType<typeof foldOfHosts>;
  /** Whether a rule, or one of its exceptions, has a regular expression. */
  private readonly hasExpressions: boolean;
  /** The rule whose expressions were evaluated last. */
  private examined = '';
  /** By text of the searcher: index of its rule. */
  private readonly ruleOf: number[];
  private readonly lists = new Map<LogRule | Exception, List>();
  /** Where the line at hand ends in the file; Infinity while that has not been seen. */
  private lineEnd = -1;
  /** As far as the end of the line at hand has been looked for. */
  private seen = 0;
  private best: Candidate | undefined;
  /** Rules that were found not to match the line at hand. */
  private readonly ruledOut = new Set<number>();

  constructor(rules: readonly LogRule[], options: ScanOptions) {
    this.rules = rules;
    this.options = options;
    this.hosts = foldOfHosts(options.hosts ?? []);
    this.searcher = new Searcher(rules.flatMap((rule) => rule.contains));
    this.hasExpressions = rules.some(({ matches, except }) => matches ?? except?.some((one) => one.matches));
    this.ruleOf = rules.flatMap((rule, index) => rule.contains.map(() => index));
  }

  take(window: Window): void {
    const { bytes, base } = window;
    if (this.lineEnd === Number.POSITIVE_INFINITY) this.findLineEnd(window, Math.max(0, this.seen - base));
    const search = (): void =>
      this.searcher.search(bytes, window.from, window.to, (text, start) => {
        if (base + start > this.lineEnd) {
          this.closeLine();
          this.findLineEnd(window, start);
        }
        this.consider(window, this.ruleOf[text] as number, start, this.searcher.lengthOf(text));
      });
    if (!this.hasExpressions) {
      search();
      return;
    }
    try {
      bounded(search, false);
    } catch (error) {
      throw error instanceof TooSlow ? new SlowRule(this.examined, error.message) : error;
    }
  }

  finish(): Found[] {
    this.closeLine();
    for (const { found, counted } of this.lists.values()) {
      const last = found.at(-1);
      if (last && counted > 0) last.more = counted;
    }
    return [...this.lists.values()].flatMap(({ found }) => found).sort((a, b) => a.offset - b.offset);
  }

  private findLineEnd({ bytes, base }: Window, from: number): void {
    const newline = bytes.indexOf(10, from);
    this.lineEnd = newline === -1 ? Number.POSITIVE_INFINITY : base + newline;
    this.seen = base + bytes.length;
  }

  private closeLine(): void {
    if (this.best) {
      const list = this.listOf(this.best);
      if (this.best.found) list.found.push(this.best.found);
      else list.counted++;
    }
    this.best = undefined;
    this.ruledOut.clear();
  }

  private listOf({ rule, exception }: Pick<Candidate, 'rule' | 'exception'>): List {
    const key = exception ?? rule;
    const list = this.lists.get(key) ?? { found: [], counted: 0, lookedAt: 0 };
    this.lists.set(key, list);
    return list;
  }

  private consider({ bytes, base }: Window, index: number, start: number, length: number): void {
    const rule = this.rules[index] as LogRule;
    if (!this.isBetter(rule.severity, index) || this.ruledOut.has(index)) return;
    const line = lineAround(bytes, start, start + length, MARGIN);
    const fitting = this.examine(rule, index, bytes, line);
    if (fitting === 'no match') return;
    const { now } = this.options;
    const exception = fitting?.find((one) => holds(one, now));
    const severity = exception ? 'info' : rule.severity;
    if (!this.isBetter(severity, index)) return;
    const best: Candidate = { rule, index, severity, exception, found: undefined };
    this.best = best;
    const kind = this.kindToList(this.listOf(best), () => this.kindAround(bytes, line, start));
    if (kind === undefined) return;
    const trace = rule.trace ? callsBehind(bytes, line.to) : [];
    best.found = {
      rule,
      severity,
      ...excuse(exception ?? fitting?.[0], now),
      offset: base + start,
      message: messageAround(bytes, line, start, start + length),
      kind,
      context: linesBeside(bytes, line),
      ...(trace.length > 0 && { trace }),
    };
  }

  /** What tells the match from others, where it is to be listed: up to the limit every one, beyond it what was not seen before. */
  private kindToList(list: List, kindOf: () => string): string | undefined {
    const limit = this.options.limit ?? LIMIT;
    if (list.found.length < limit) return kindOf();
    if (list.lookedAt >= LOOKED_AT || list.found.length >= limit + NEW_IN_KIND) return undefined;
    list.lookedAt++;
    list.kinds ??= new Set(list.found.map((one) => one.kind));
    const kind = kindOf();
    if (list.kinds.has(kind)) return undefined;
    list.kinds.add(kind);
    return kind;
  }

  private isBetter(severity: Severity, index: number): boolean {
    if (!this.best) return true;
    const difference = RANK[severity] - RANK[this.best.severity];
    return difference < 0 || (difference === 0 && index < this.best.index);
  }

  /** What a rule says of a line beyond its text: no match, or a match and the exceptions that are about it, also expired ones. */
  private examine(rule: LogRule, index: number, bytes: Buffer, line: { from: number; to: number }) {
    if (!rule.matches && !rule.except) return undefined;
    this.examined = rule.id;
    const text = bytes.toString('utf8', line.from, line.to).replace(/\r$/, '');
    if (rule.matches && !rule.matches.test(text)) {
      this.ruledOut.add(index);
      return 'no match' as const;
    }
    return rule.except?.filter((exception) => excuses(exception, text));
  }

  private kindAround(bytes: Buffer, line: { from: number; to: number }, start: number): string {
    const from = Math.max(line.from, start - FOLDED);
    const to = Math.min(line.to, start + FOLDED);
    const before = bytes.toString('utf8', from, start);
    const text = before + bytes.toString('utf8', start, to).replace(/\r$/, '');
    return foldAround(text, before.length, this.hosts);
  }
}
