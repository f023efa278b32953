import { bounded, FOR_LOGS, Starved, TooSlow } from '../input/bounded.ts';
import type { Severity } from '../report/model.ts';
import { CurrentLine, MARGIN } from './current-line.ts';
import { fold, foldAround, foldOfHosts } from './fingerprint.ts';
import { version1Kind } from './fingerprint-1.ts';
import { isHarmless } from './harmless.ts';
import { type KnownLine, KnownLines } from './known-lines.ts';
import { type Bounds, linesBeside, messageAround } from './lines.ts';
import { MatchList } from './match-list.ts';
import { type Encoding, encodingOf, type PlainWindow, plainWindow } from './plain.ts';
import { locate } from './positions.ts';
import type { LogRule } from './rules.ts';
import { type Exception, excuse, excuses, holds } from './scope.ts';
import type { Hit } from './search.ts';
import { type SearchPlan, searchPlanFor } from './search-plan.ts';
import { callsBehind, TRACE } from './trace.ts';
import { type Window, windows } from './windows.ts';

/** A line of a log that a rule found. */
export interface LogMatch {
  rule: LogRule;
  severity: Severity;
  /** Why it is excused, and by whom; absent if it is not. */
  known?: string;
  /** The exception that excused it until it expired. */
  expired?: string;
  /** Line and column count from 1; the column is in characters. */
  line: number;
  column: number;
  /**
   * The line without terminal sequences, and the text that the lines behind it add. Of a long line, only the part around the
   * match. May contain any character except a line feed.
   */
  message: string;
  /** The folded line around the match. Two lines of the same kind are the same error. */
  kind: string;
  /** Kind and trace for the fingerprint of version 1, see fingerprint-1.ts. */
  version1: { kind: string; trace: string[] };
  /** A few lines before and after it. */
  context: { before: string[]; after: string[] };
  /** For a rule with `trace`: the calls of the stack trace, the innermost first; absent if no trace follows. */
  trace?: string[];
  /** Set on the last listed match of a rule: the number of further lines that it matches in the file. */
  more?: number;
}

export interface ScanOptions {
  /** ms since 1970: which exceptions have expired. */
  now: number;
  /** Names of the machines of the run. They are folded, so that the same error on two machines is one error. */
  hosts?: readonly string[];
  /** The number of matches that are listed per rule and file. Of further ones only those of new kinds are listed. */
  limit?: number;
}

const LIMIT = 20;
/** The number of bytes before and after the match that are folded: a multiple of the characters that are used then. */
const FOLDED = 2000;

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };

/**
 * Finds the lines of a log that rules match, in their order. A line is reported once, for its most severe rule (of equally
 * severe ones, the first in `rules`), also if an exception of that rule excuses it. The text between two carriage returns is a
 * line of its own. The file may have any size and contain any bytes. It is read once, in bounded memory; if there are matches,
 * it is read again up to the last match.
 * Scope and `tolerate` are not examined here.
 * @throws {SlowRule} when an expression of a rule takes too long on a line
 * @throws {Error} when the file cannot be read
 */
export async function scanLog(path: string, rules: readonly LogRule[], options: ScanOptions): Promise<LogMatch[]> {
  const { found, encoding } = await collect(path, rules, options);
  const positions = await locate(
    path,
    found.map((one) => one.offset),
    encoding,
  );
  return found.map(({ offset: _, ...match }, index) => ({ ...match, ...(positions[index] ?? { line: 1, column: 1 }) }));
}

/** An expression of a rule takes too long on a line of a log. */
export class SlowRule extends Error {
  readonly rule: string;

  constructor(rule: string, why: string) {
    super(`an expression of the rule ${rule} ${why}`);
    this.rule = rule;
  }
}

interface Collected {
  found: Found[];
  /** Undefined for an empty log. */
  encoding: Encoding | undefined;
}

async function collect(path: string, rules: readonly LogRule[], options: ScanOptions): Promise<Collected> {
  for (let n = 1; ; n++) {
    const collector = new Collector(rules, options, FOR_LOGS.limit * 4 ** (n - 1));
    try {
      let encoding: Encoding | undefined;
      for await (const window of windows(path, Math.max(MARGIN, TRACE))) {
        encoding ??= encodingOf(window.bytes.subarray(window.from));
        collector.take(plainWindow(window, encoding), window);
      }
      return { found: collector.finish(), encoding };
    } catch (error) {
      if (!(error instanceof Starved) || n === TRIES) throw error;
    }
  }
}

/**
 * How often the scan of a log starts again when this process got too little CPU time, with four times the limit each time. So
 * a hundredth of a processor is enough, and a machine that paused for a moment costs no long wait.
 */
const TRIES = 4;

type Found = Omit<LogMatch, 'line' | 'column'> & { offset: number };

/** The matches of a rule, or of one of its exceptions. */
interface List {
  found: Found[];
  places: MatchList;
  /** The first line whose kind is not listed. */
  rest?: Found;
}

/** The best match in the current line so far. */
interface Candidate {
  rule: LogRule;
  index: number;
  /** Of the rule. */
  severity: Severity;
  list: List;
  found: Found | undefined;
  isRest: boolean;
  /** The lines behind it that became part of its message, as offsets in the file. */
  detailLines: Bounds[];
}

/** What became of a line: a list counted it, or no rule reports it. */
type Outcome = List | 'not reported';

class Collector {
  private readonly rules: readonly LogRule[];
  private readonly options: ScanOptions;
  private readonly limit: number;
  private readonly plan: SearchPlan;
  private hosts: ReturnType<typeof foldOfHosts> | undefined;
  /** The rule whose expressions were evaluated last. */
  private examined = '';
  private readonly lists = new Map<LogRule | Exception, List>();
  private readonly line = new CurrentLine();
  /** Of the current line. */
  private best: Candidate | undefined;
  /** Lines that became part of the message of an earlier line, with the severity of that line. */
  private detailLines: (Bounds & { severity: Severity })[] = [];
  /** Rules that do not match the current line. */
  private readonly ruledOut = new Set<number>();
  private readonly knownLines = new KnownLines<Outcome>();
  /** Where the outcome of the current line is kept, if the same line has the same outcome again. */
  private known: KnownLine<Outcome> | undefined;
  /** Whether the outcome of the current line was known. */
  private isDone = false;

  /** @param limit the time in ms that the expressions may take for one window */
  constructor(rules: readonly LogRule[], options: ScanOptions, limit: number) {
    this.rules = rules;
    this.options = options;
    this.limit = limit;
    this.plan = searchPlanFor(rules);
  }

  take(window: PlainWindow, raw: Window): void {
    this.line.continueIn(window);
    const hits = this.plan.searcher.search(window.bytes, window.from, window.to);
    let next = 0;
    let lineEnd = 0;
    const consider = (withExpressions: boolean): void => {
      for (; next < hits.length; next++) {
        if (next === lineEnd) lineEnd = this.beginHits(window, hits, next);
        const { text, start } = hits[next] as Hit;
        if (!this.mayBeBest(text, window.offsetOf(start))) continue;
        if (!withExpressions && this.plan.texts[text]?.hasExpressions) return;
        this.consider(window, raw, text, start);
      }
    };
    // Most windows need no expression, and the limit itself costs more than the search of a short log.
    consider(false);
    if (next === hits.length) return;
    try {
      bounded(() => consider(true), false, { ...FOR_LOGS, limit: this.limit });
    } catch (error) {
      throw error instanceof TooSlow ? new SlowRule(this.examined, error.message) : error;
    }
  }

  finish(): Found[] {
    this.closeLine();
    for (const { found, rest, places } of this.lists.values()) {
      const last = found.at(-1);
      if (last && places.counted > 0) last.more = places.counted;
      const unlisted = places.unlisted;
      if (!rest || !unlisted) continue;
      found.push({ ...rest, message: `${unlisted.words}; the first: ${rest.message}`, kind: unlisted.kind });
    }
    return [...this.lists.values()].flatMap(({ found }) => found).sort((a, b) => a.offset - b.offset);
  }

  /**
   * Begins the matches of the next line, and puts them in the order of their rules, the best first: a match that a better one of its
   * line would replace has no place in the list of its rule.
   * @returns the index behind them
   */
  private beginHits(window: PlainWindow, hits: Hit[], from: number): number {
    const { start } = hits[from] as Hit;
    if (this.line.endsBefore(window.offsetOf(start))) this.beginLine(window, start);
    const isNextLine = (hit: Hit): boolean => this.line.endsBefore(window.offsetOf(hit.start));
    let to = from + 1;
    while (to < hits.length && !isNextLine(hits[to] as Hit)) to++;
    if (to - from > 1) {
      const indexOf = ({ text }: Hit): number => (this.plan.texts[text] as SearchPlan['texts'][number]).rule;
      const rankOf = (hit: Hit): number => RANK[(this.rules[indexOf(hit)] as LogRule).severity];
      const ofLine = hits.slice(from, to).sort((a, b) => rankOf(a) - rankOf(b) || indexOf(a) - indexOf(b));
      // A line may have more matches than a function can have arguments.
      for (const [index, hit] of ofLine.entries()) hits[from + index] = hit;
    }
    return to;
  }

  /** Begins the line of a match. */
  private beginLine(window: PlainWindow, start: number): void {
    this.closeLine();
    this.line.moveTo(window, start);
    // What becomes of the others depends on what is behind or before them.
    if (!this.line.isComplete || this.isDetail(window.offsetOf(start), 'info')) return;
    this.known = this.knownLines.at(window.bytes, this.line.from, this.line.to);
    const outcome = this.known?.outcome;
    if (outcome === undefined) return;
    if (outcome !== 'not reported') outcome.places.counted++;
    this.known = undefined;
    this.isDone = true;
  }

  private closeLine(): void {
    if (this.known) this.known.outcome = this.best?.list ?? 'not reported';
    if (this.best) {
      const { list, found, isRest, detailLines, severity } = this.best;
      if (!found || isRest) list.places.counted++;
      if (found && isRest) list.rest = found;
      else if (found) list.found.push(found);
      if (detailLines.length > 0) this.detailLines = detailLines.map((bounds) => ({ ...bounds, severity }));
    }
    this.best = undefined;
    this.known = undefined;
    this.isDone = false;
    this.ruledOut.clear();
  }

  private listOf(key: LogRule | Exception): List {
    const known = this.lists.get(key);
    if (known) return known;
    const list: List = { found: [], places: new MatchList(this.options.limit ?? LIMIT) };
    this.lists.set(key, list);
    return list;
  }

  /** Whether a match of a text can become the best of its line. @param of the index of the text */
  private mayBeBest(of: number, offset: number): boolean {
    if (this.isDone) return false;
    const { rule: index } = this.plan.texts[of] as SearchPlan['texts'][number];
    const { severity } = this.rules[index] as LogRule;
    return this.isBetter(severity, index) && !this.ruledOut.has(index) && !this.isDetail(offset, severity);
  }

  /** Makes a match of a text the best of its line, if its rule accepts the line. */
  private consider(window: PlainWindow, raw: Window, of: number, start: number): void {
    const { bytes } = window;
    const { rule: index, characters } = this.plan.texts[of] as SearchPlan['texts'][number];
    const end = start + this.plan.searcher.lengthOf(of);
    const rule = this.rules[index] as LogRule;
    const line = this.line.textAround(window, start, end);
    const { text } = line;
    const at = line.indexOf(start);
    if (!this.applies(rule, index, text)) return;
    if (isHarmless(text, at, at + characters)) return;
    const { now } = this.options;
    const { detail } = line;
    const texts = detail ? [text, `${text} ${detail.text}`] : [text];
    const fitting = rule.except?.filter((exception) => texts.some((one) => excuses(exception, one)));
    const exception = fitting?.find((one) => holds(one, now));
    const list = this.listOf(exception ?? rule);
    // An excused line keeps the severity of its rule here. Otherwise the next rule that matches the line would report it.
    this.best = { rule, index, severity: rule.severity, list, found: undefined, isRest: false, detailLines: [] };
    const place = list.places.place(
      () => line.skeleton,
      () => this.kindAround(bytes, line, start, detail?.text),
    );
    if (detail) this.best.detailLines = detail.lines;
    // The next line with this text may be listed in another way, or have other lines behind it.
    if (place || line.mayHaveDetail) this.known = undefined;
    if (place === undefined) return;
    const trace = rule.trace ? callsBehind(bytes, line.to) : [];
    const rawStart = window.offsetOf(start) - raw.base;
    const rawEnd = rawStart + end - start;
    this.best.isRest = place.list === 'first of the rest';
    this.best.found = {
      rule,
      severity: exception ? 'info' : rule.severity,
      ...excuse(exception ?? fitting?.[0], now),
      offset: window.offsetOf(start),
      message: `${messageAround(bytes, line, start, end)}${detail ? ` ${detail.text}` : ''}`,
      kind: place.kind,
      version1: version1Kind(raw.bytes, rawStart, rawEnd, this.options.hosts ?? [], rule.trace === true),
      context: linesBeside(bytes, line),
      ...(trace.length > 0 && { trace }),
    };
  }

  private isBetter(severity: Severity, index: number): boolean {
    if (!this.best) return true;
    const difference = RANK[severity] - RANK[this.best.severity];
    return difference < 0 || (difference === 0 && index < this.best.index);
  }

  /** Whether the offset is in a line that is part of an earlier message of at least the same severity. */
  private isDetail(offset: number, severity: Severity): boolean {
    return this.detailLines.some(
      (one) => offset >= one.from && offset < one.to && RANK[one.severity] <= RANK[severity],
    );
  }

  /** Whether the expressions of a rule accept a line. */
  private applies(rule: LogRule, index: number, text: string): boolean {
    this.examined = rule.id;
    if ((rule.matches?.test(text) ?? true) && !rule.unless?.test(text)) return true;
    this.ruledOut.add(index);
    return false;
  }

  private kindAround(bytes: Buffer, line: Bounds, start: number, detail: string | undefined): string {
    const before = bytes.toString('utf8', Math.max(line.from, start - FOLDED), start);
    const text = before + bytes.toString('utf8', start, Math.min(line.to, start + FOLDED));
    this.hosts ??= foldOfHosts(this.options.hosts ?? []);
    const kind = foldAround(text, before.length, this.hosts);
    return detail === undefined ? kind : `${kind}\n${fold(detail, this.hosts)}`;
  }
}
