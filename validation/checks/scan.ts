import { bounded, FOR_LOGS, Starved, TooSlow } from '../input/bounded.ts';
import type { Severity } from '../report/model.ts';
import { detailOf } from './details.ts';
import { fold, foldAround, foldOfHosts, outline } from './fingerprint.ts';
import { earlierKind } from './fingerprint-1.ts';
import { isHarmless } from './harmless.ts';
import { type Bounds, endOfLine, lineAround, linesBehind, linesBeside, messageAround } from './lines.ts';
import { MatchList } from './match-list.ts';
import { type Encoding, encodingOf, type PlainWindow, plainWindow } from './plain.ts';
import { locate } from './positions.ts';
import type { LogRule } from './rules.ts';
import { type Exception, excuse, excuses, holds } from './scope.ts';
import { type Searcher, searcherFor } from './search.ts';
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
  /**
   * The line without terminal sequences, or of a long one the part around what was found; and what the lines behind it add.
   * May hold any character but a line feed.
   */
  message: string;
  /** The line around what was found, without what changes from run to run: what tells this trouble from another. */
  kind: string;
  /** What the version of fingerprints before this one made of it: see fingerprint-1.ts. */
  earlier: { kind: string; trace: string[] };
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
/** Bytes before and after what was found that are folded: a multiple of what is left of them. */
const FOLDED = 2000;
/** Bytes of a line, on both sides of what was found, that `matches` and exceptions see and that messages are cut from. */
const MARGIN = 4096;

const RANK: Record<Severity, number> = { error: 0, warning: 1, info: 2 };

/**
 * Finds the lines of a log that rules are about, in their order. A line is reported once, for its most severe rule (of
 * equal ones, the first in `rules`), also where an exception of that rule excuses it; what stands between two carriage returns is a line of its own. The file may have any
 * size and hold any bytes; it is read once in bounded memory, and a second time, as far as the last match, only when
 * something was found. Scope and `tolerate` are not looked at.
 * @throws {SlowRule} a rule's expression takes too long on a line
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

/** An expression of a rule that takes too long on a line of a log. */
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
 * How often a log is begun again because this process had no time, with four times the limit each time. So it is enough to have a
 * hundredth of a processor, while a machine that only stood still for a moment is not waited for.
 */
const TRIES = 4;

type Found = Omit<LogMatch, 'line' | 'column'> & { offset: number };

/** What is found of a rule, or of one of its exceptions. */
interface List {
  found: Found[];
  places: MatchList;
  /** The first line of a kind that is not listed. */
  rest?: Found;
}

/** What the window says of one line so far. */
interface Candidate {
  rule: LogRule;
  index: number;
  /** Of the rule. */
  severity: Severity;
  list: List;
  found: Found | undefined;
  isRest: boolean;
  /** Lines behind that its message has taken, as offsets in the file. */
  told: Bounds[];
}

class Collector {
  private readonly rules: readonly LogRule[];
  private readonly options: ScanOptions;
  private readonly limit: number;
  private readonly searcher: Searcher;
  private readonly hosts: ReturnType<typeof foldOfHosts>;
  /** Whether a rule, or one of its exceptions, has a regular expression. */
  private readonly hasExpressions: boolean;
  /** The rule whose expressions were evaluated last. */
  private examined = '';
  /** By text of the searcher: index of its rule. */
  private readonly ruleOf: number[];
  /** By text of the searcher: its characters. */
  private readonly lengths: number[];
  private readonly lists = new Map<LogRule | Exception, List>();
  /** Where the line at hand ends in the file; Infinity while that has not been seen. */
  private lineEnd = -1;
  /** As far as the end of the line at hand has been looked for. */
  private seen = 0;
  private best: Candidate | undefined;
  /** Lines that the message of a line before them has taken, and how severe that is. */
  private told: (Bounds & { severity: Severity })[] = [];
  /** Rules that were found not to match the line at hand. */
  private readonly ruledOut = new Set<number>();

  /** @param limit ms that the expressions may take for one window */
  constructor(rules: readonly LogRule[], options: ScanOptions, limit: number) {
    this.rules = rules;
    this.options = options;
    this.limit = limit;
    this.hosts = foldOfHosts(options.hosts ?? []);
    this.hasExpressions = rules.some(
      ({ matches, unless, except }) => matches ?? unless ?? except?.some((one) => one.matches),
    );
    this.searcher = searcherFor(rules.flatMap(({ contains, anyCase }) => contains.map((text) => ({ text, anyCase }))));
    this.lengths = rules.flatMap((rule) => rule.contains.map((text) => text.length));
    this.ruleOf = rules.flatMap((rule, index) => rule.contains.map(() => index));
  }

  take(window: PlainWindow, raw: Window): void {
    if (this.lineEnd === Number.POSITIVE_INFINITY) this.findLineEnd(window, window.placeOf(this.seen));
    const search = (): void =>
      this.searcher.search(window.bytes, window.from, window.to, (text, start) => {
        if (window.offsetOf(start) > this.lineEnd) {
          this.closeLine();
          this.findLineEnd(window, start);
        }
        this.consider(window, raw, text, start);
      });
    if (!this.hasExpressions) {
      search();
      return;
    }
    try {
      bounded(search, false, { ...FOR_LOGS, limit: this.limit });
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

  private findLineEnd(window: PlainWindow, from: number): void {
    const end = endOfLine(window.bytes, from);
    this.lineEnd = end === window.bytes.length ? Number.POSITIVE_INFINITY : window.offsetOf(end);
    this.seen = window.offsetOf(window.bytes.length);
  }

  private closeLine(): void {
    if (this.best) {
      const { list, found, isRest, told, severity } = this.best;
      if (!found || isRest) list.places.counted++;
      if (found && isRest) list.rest = found;
      else if (found) list.found.push(found);
      if (told.length > 0) this.told = told.map((bounds) => ({ ...bounds, severity }));
    }
    this.best = undefined;
    this.ruledOut.clear();
  }

  private listOf(key: LogRule | Exception): List {
    const list = this.lists.get(key) ?? { found: [], places: new MatchList(this.options.limit ?? LIMIT) };
    this.lists.set(key, list);
    return list;
  }

  /** @param of the searcher's text that was found */
  private consider(window: PlainWindow, raw: Window, of: number, start: number): void {
    const { bytes } = window;
    const index = this.ruleOf[of] as number;
    const length = this.searcher.lengthOf(of);
    const rule = this.rules[index] as LogRule;
    const offset = window.offsetOf(start);
    if (!this.isBetter(rule.severity, index) || this.ruledOut.has(index) || this.isTold(offset, rule.severity)) return;
    const line = lineAround(bytes, start, start + length, MARGIN);
    const text = bytes.toString('utf8', line.from, line.to);
    const at =
      text.length === line.to - line.from ? start - line.from : bytes.toString('utf8', line.from, start).length;
    if (!this.applies(rule, index, text)) return;
    if (isHarmless(text, at, at + (this.lengths[of] as number))) return;
    const { now } = this.options;
    const detail = detailBehind(window, line, text);
    const texts = detail ? [text, `${text} ${detail.text}`] : [text];
    const fitting = rule.except?.filter((exception) => texts.some((one) => excuses(exception, one)));
    const exception = fitting?.find((one) => holds(one, now));
    const list = this.listOf(exception ?? rule);
    // As severe as its rule also where it is excused: else the next rule that is about the line would report it.
    this.best = { rule, index, severity: rule.severity, list, found: undefined, isRest: false, told: [] };
    const kindOf = () => this.kindAround(bytes, line, start, detail?.text);
    const place = list.places.place(() => outline(`${text}\n${detail?.text ?? ''}`), kindOf);
    if (detail) this.best.told = detail.told;
    if (place === undefined) return;
    const trace = rule.trace ? callsBehind(bytes, line.to) : [];
    const rawStart = offset - raw.base;
    this.best.isRest = place.list === 'first of the rest';
    this.best.found = {
      rule,
      severity: exception ? 'info' : rule.severity,
      ...excuse(exception ?? fitting?.[0], now),
      offset,
      message: `${messageAround(bytes, line, start, start + length)}${detail ? ` ${detail.text}` : ''}`,
      kind: place.kind,
      earlier: earlierKind(raw.bytes, rawStart, rawStart + length, this.options.hosts ?? [], rule.trace === true),
      context: linesBeside(bytes, line),
      ...(trace.length > 0 && { trace }),
    };
  }

  private isBetter(severity: Severity, index: number): boolean {
    if (!this.best) return true;
    const difference = RANK[severity] - RANK[this.best.severity];
    return difference < 0 || (difference === 0 && index < this.best.index);
  }

  /** Whether a line before it has it in its message already, and is as severe. */
  private isTold(offset: number, severity: Severity): boolean {
    return this.told.some((one) => offset >= one.from && offset < one.to && RANK[one.severity] <= RANK[severity]);
  }

  /** What a rule says of a line beyond its text. */
  private applies(rule: LogRule, index: number, text: string): boolean {
    this.examined = rule.id;
    if ((rule.matches?.test(text) ?? true) && !rule.unless?.test(text)) return true;
    this.ruledOut.add(index);
    return false;
  }

  private kindAround(bytes: Buffer, line: Bounds, start: number, detail: string | undefined): string {
    const before = bytes.toString('utf8', Math.max(line.from, start - FOLDED), start);
    const text = before + bytes.toString('utf8', start, Math.min(line.to, start + FOLDED));
    const kind = foldAround(text, before.length, this.hosts);
    return detail === undefined ? kind : `${kind}\n${fold(detail, this.hosts)}`;
  }
}

/** What the lines behind add to a message, and where in the file they are. */
function detailBehind(window: PlainWindow, line: Bounds, text: string): { text: string; told: Bounds[] } | undefined {
  if (!MAY_HAVE_DETAIL.test(text)) return undefined;
  const behind = linesBehind(window.bytes, line);
  const detail = detailOf(
    text,
    behind.map((one) => one.text),
  );
  return (
    detail && {
      text: detail.text,
      told: detail.lines.flatMap((index) => {
        const one = behind[index];
        return one ? [{ from: window.offsetOf(one.from), to: window.offsetOf(one.to) }] : [];
      }),
    }
  );
}

/** Cheap: to read the lines behind costs more than all else. */
const MAY_HAVE_DETAIL = /Traceback|Exception|terminate/;
