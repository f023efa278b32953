import type { FoundLine, HistoryLine, StageLine } from './line.ts';
import { cutName } from './make-line.ts';
import { type Course, courseOf, LETTER, type Mark, type Spell, spellsOf } from './spells.ts';

/** A step is flaky if it succeeds only in a later attempt in this number of nights, and in this share of the nights in which it ran. */
const RETRIED_NIGHTS = 2;
const RETRIED_SHARE = 0.1;

/** The largest number of findings, and of steps. If there are more, those with the latest and the most nights are taken. */
const MOST = 2000;
/** A finding that disappeared in a shown night may have been there last in one of this number of nights before. */
const BEFORE = 10;

/** A finding over the nights. Numbers are indices in the list of nights. */
export interface FindingCourse extends Spell {
  key: string;
  course: Course;
  severity: 'error' | 'warning';
  /** Whether an exception excuses it in the last night that has it. */
  excused?: true;
  rule: string;
  component?: string;
  text: string;
  stage: string;
  /** In the last night that has it: some steps, and the number of all. */
  steps: string[];
  count: number;
  compared?: FoundLine['compared'];
  /** A person accepted the last night that has it. So it was not fixed: it became the standard. */
  accepted?: true;
  /** The number of nights that have it, and of known nights. */
  bad: number;
  known: number;
  /** One letter for each night: `x` there, `e` excused, `.` absent, `?` unknown. */
  marks: string;
}

/** A flaky step over the nights. */
export interface StepCourse {
  step: string;
  stage: string;
  /** The number of nights in which it failed, in which it succeeded only in a later attempt, and in which it ended. */
  failed: number;
  retried: number;
  known: number;
  lastBad: number;
  /** One letter for each night: `x` failed, `r` succeeded in a later attempt, `.` succeeded in the first one, `?` unknown. */
  marks: string;
}

/** Indices of a night for fast access. */
interface Indexed {
  line: HistoryLine;
  findings: ReadonlyMap<string, FoundLine>;
  stages: ReadonlyMap<string, StageLine>;
  cut: ReadonlySet<string>;
}

/**
 * The findings of some nights, in the order in which they appeared.
 * @param from index of the first shown night. Findings that disappeared long before it are left out
 */
export function findingCourses(lines: readonly HistoryLine[], from: number): FindingCourse[] {
  const alias = aliasesOf(lines);
  const nights = lines.map((line) => ({
    line,
    findings: new Map(line.findings.map((one) => [alias(one.key), one])),
    stages: new Map(line.stages.map((stage) => [stage.name, stage])),
    cut: new Set(line.cut),
  }));
  const recent = nights.slice(Math.max(0, from - BEFORE)).reverse();
  const keys = [...new Set(recent.flatMap(({ findings }) => [...findings.keys()]))].slice(0, MOST);
  const releases = lines.map(({ release }) => release);
  const courses = keys.flatMap((key) => {
    const marks = marksOf(key, nights);
    const course = courseOf(marks, releases);
    const spell = spellsOf(marks).at(-1);
    const last = spell && nights[spell.lastBad]?.findings.get(key);
    if (!course || !spell || !last) return [];
    if (spell.lastBad < from && (spell.firstGood ?? -1) < from) return [];
    const { earlier: _, ...finding } = last;
    const bad = marks.filter((mark) => mark === 'there' || mark === 'excused').length;
    const known = marks.filter((mark) => mark !== 'unknown').length;
    const isAccepted = course === 'fixed' && last.compared && lines[spell.lastBad]?.accepted;
    return [
      {
        ...finding,
        ...spell,
        ...{ key, course, bad, known, marks: marks.map((mark) => LETTER[mark]).join('') },
        ...(isAccepted && { accepted: true as const }),
      },
    ];
  });
  return courses.sort((a, b) => a.firstBad - b.firstBad);
}

/** Lines of an older version have only the fingerprint of that version. Newer lines of the same finding contain both. */
function aliasesOf(nights: readonly HistoryLine[]): (key: string) => string {
  const names = new Map<string, string>();
  for (const { findings } of nights) for (const { key, earlier } of findings) if (earlier) names.set(earlier, key);
  return (key) => names.get(key) ?? key;
}

function marksOf(key: string, nights: readonly Indexed[]): Mark[] {
  let last = nights.find(({ findings }) => findings.has(key))?.findings.get(key);
  return nights.map((night) => {
    const here = night.findings.get(key);
    if (here) last = here;
    if (here) return here.excused ? 'excused' : 'there';
    return last && canTell(night, last) ? 'absent' : 'unknown';
  });
}

/**
 * Whether a night certainly does not have a finding: one of the steps that have it in other nights has ended, and the lists are
 * complete. The same rule decides in a report whether a finding is fixed.
 */
function canTell({ line, stages, cut }: Indexed, { stage, rule, steps }: FoundLine): boolean {
  if (!line.judged || line.more || cut.has(cutName(rule))) return false;
  const own = stages.get(stage);
  if (!own || own.succeeded + own.failed === 0) return false;
  if (own.broken + own.notRun === 0) return true;
  const isWhole = own.unjudgedSteps.length === own.broken + own.notRun;
  return isWhole && steps.some((step) => !own.unjudgedSteps.includes(step));
}

/** Steps that fail and succeed without a change of release, or that often succeed only in a later attempt. */
export function flakySteps(nights: readonly HistoryLine[]): StepCourse[] {
  const letters = nights.map(lettersOf);
  const releases = nights.map(({ release }) => release);
  const courses = stepsByTrouble(nights).flatMap(([step, stage]): StepCourse[] => {
    const own = letters.map(({ named, whole }) => named.get(step) ?? (whole.has(stage) ? '.' : '?'));
    const marks = own.map((letter): Mark => (letter === 'x' ? 'there' : letter === '?' ? 'unknown' : 'absent'));
    const count = (wanted: string): number => own.filter((letter) => letter === wanted).length;
    const [failed, retried, known] = [count('x'), count('r'), own.length - count('?')];
    const isRetried = retried >= RETRIED_NIGHTS && retried >= RETRIED_SHARE * known;
    if (courseOf(marks, releases) !== 'flaky' && !isRetried) return [];
    const lastBad = own.findLastIndex((letter) => letter === 'x' || letter === 'r');
    return [{ step, stage, failed, retried, known, lastBad, marks: own.join('') }];
  });
  return courses.sort((a, b) => b.failed + b.retried - (a.failed + a.retried));
}

/** Steps that failed or needed a later attempt, with their stage. The steps with the most such nights come first. */
function stepsByTrouble(nights: readonly HistoryLine[]): [step: string, stage: string][] {
  const trouble = new Map<string, { stage: string; nights: number }>();
  for (const { stages } of nights) {
    for (const { name, failedSteps, retriedSteps } of stages) {
      for (const step of [...failedSteps, ...retriedSteps]) {
        trouble.set(step, { stage: name, nights: (trouble.get(step)?.nights ?? 0) + 1 });
      }
    }
  }
  const sorted = [...trouble].sort(([, a], [, b]) => b.nights - a.nights);
  return sorted.slice(0, MOST).map(([step, { stage }]) => [step, stage]);
}

/** The letters of the steps that a night names. In the stages of `whole` all other steps succeeded in the first attempt. */
function lettersOf({ stages }: HistoryLine): {
  named: ReadonlyMap<string, 'x' | 'r' | '?'>;
  whole: ReadonlySet<string>;
} {
  const named = new Map<string, 'x' | 'r' | '?'>();
  const whole = new Set<string>();
  for (const { name, failed, broken, notRun, retried, failedSteps, unjudgedSteps, retriedSteps } of stages) {
    for (const step of unjudgedSteps) named.set(step, '?');
    for (const step of retriedSteps) named.set(step, 'r');
    for (const step of failedSteps) named.set(step, 'x');
    const listed = failedSteps.length + retriedSteps.length + unjudgedSteps.length;
    if (listed === failed + retried + broken + notRun) whole.add(name);
  }
  return { named, whole };
}
