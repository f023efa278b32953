import { cutName, type FoundLine, type HistoryLine, type StageLine } from './line.ts';
import { type Course, courseOf, LETTER, type Mark, type Spell, spellsOf } from './spells.ts';

/** A step is flaky when it passes only on a retry in so many nights, and in such a share of the nights in which it ran. */
const RETRIED_NIGHTS = 2;
const RETRIED_SHARE = 0.1;

/** A finding over the nights. Numbers are places in the list of nights. */
export interface FindingCourse extends Spell {
  key: string;
  course: Course;
  severity: 'error' | 'warning';
  /** An exception excuses it in the last night that has it. */
  excused?: true;
  rule: string;
  component?: string;
  text: string;
  stage: string;
  /** Of the last night that has it: some steps, and the number of all. */
  steps: string[];
  count: number;
  compared?: FoundLine['compared'];
  /** A person accepted the last night that has it: it did not go away, it became the standard. */
  accepted?: true;
  /** Nights that have it, and nights that say something about it. */
  bad: number;
  known: number;
  /** A letter for each night: `x` there, `e` excused, `.` not there, `?` unknown. */
  marks: string;
}

/** A flaky step over the nights. */
export interface StepCourse {
  step: string;
  stage: string;
  /** Nights in which it failed; in which it succeeded in a later attempt; in which it came to its end. */
  failed: number;
  retried: number;
  known: number;
  lastBad: number;
  /** A letter for each night: `x` failed, `r` succeeded in a later attempt, `.` succeeded at once, `?` unknown. */
  marks: string;
}

/** All findings of some nights, in the order of their first night. */
export function findingCourses(nights: readonly HistoryLine[]): FindingCourse[] {
  const alias = aliasesOf(nights);
  const byNight = nights.map(({ findings }) => new Map(findings.map((one) => [alias(one.key), one])));
  const keys = new Set(byNight.flatMap((findings) => [...findings.keys()]));
  const releases = nights.map(({ release }) => release);
  const courses = [...keys].flatMap((key) => {
    const marks = marksOf(key, nights, byNight);
    const course = courseOf(marks, releases);
    const spell = spellsOf(marks).at(-1);
    const last = spell && byNight[spell.lastBad]?.get(key);
    if (!course || !spell || !last) return [];
    const { earlier: _, excused, ...finding } = last;
    const bad = marks.filter((mark) => mark === 'there' || mark === 'excused').length;
    const known = marks.filter((mark) => mark !== 'unknown').length;
    const isAccepted = course === 'fixed' && last.compared && nights[spell.lastBad]?.accepted;
    return [
      {
        ...finding,
        ...spell,
        ...{ key, course, bad, known, marks: marks.map((mark) => LETTER[mark]).join('') },
        ...(excused && { excused }),
        ...(isAccepted && { accepted: true as const }),
      },
    ];
  });
  return courses.sort((a, b) => a.firstBad - b.firstBad);
}

/** A line of an older version has only the fingerprint of that version: today's line of the same finding names it. */
function aliasesOf(nights: readonly HistoryLine[]): (key: string) => string {
  const names = new Map<string, string>();
  for (const { findings } of nights) for (const { key, earlier } of findings) if (earlier) names.set(earlier, key);
  return (key) => names.get(key) ?? key;
}

function marksOf(
  key: string,
  nights: readonly HistoryLine[],
  byNight: readonly ReadonlyMap<string, FoundLine>[],
): Mark[] {
  let last = byNight.find((findings) => findings.has(key))?.get(key);
  return nights.map((night, n) => {
    const here = byNight[n]?.get(key);
    if (here) last = here;
    if (here) return here.excused ? 'excused' : 'there';
    return last && canTell(night, last) ? 'absent' : 'unknown';
  });
}

/**
 * Whether it is known of a night that it does not have a finding: one of the steps that have it elsewhere came to its end,
 * and the lists are whole. As in a report, where a finding is fixed only if its step came to its end.
 */
function canTell(night: HistoryLine, { stage, rule, steps }: FoundLine): boolean {
  if (!night.judged || night.more || night.cut.includes(cutName(rule))) return false;
  const own = night.stages.find(({ name }) => name === stage);
  if (!own || own.succeeded + own.failed === 0) return false;
  if (own.broken + own.notRun === 0) return true;
  return (
    own.unjudgedSteps.length === own.broken + own.notRun && steps.some((step) => !own.unjudgedSteps.includes(step))
  );
}

/** Steps that fail or succeed without a change of release, or that often succeed in a later attempt only. */
export function flakySteps(nights: readonly HistoryLine[]): StepCourse[] {
  const stageOf = new Map(
    nights.flatMap(({ stages }) =>
      stages.flatMap(({ name, failedSteps, retriedSteps }) =>
        [...failedSteps, ...retriedSteps].map((step) => [step, name] as const),
      ),
    ),
  );
  const releases = nights.map(({ release }) => release);
  const courses = [...stageOf].flatMap(([step, stage]): StepCourse[] => {
    const letters = nights.map(({ stages }) =>
      letterOf(
        step,
        stages.find(({ name }) => name === stage),
      ),
    );
    const marks = letters.map((letter): Mark => (letter === 'x' ? 'there' : letter === '?' ? 'unknown' : 'absent'));
    const count = (wanted: string): number => letters.filter((letter) => letter === wanted).length;
    const [failed, retried, known] = [count('x'), count('r'), letters.length - count('?')];
    const isRetried = retried >= RETRIED_NIGHTS && retried >= RETRIED_SHARE * known;
    if (courseOf(marks, releases) !== 'flaky' && !isRetried) return [];
    const lastBad = letters.findLastIndex((letter) => letter === 'x' || letter === 'r');
    return [{ step, stage, failed, retried, known, lastBad, marks: letters.join('') }];
  });
  return courses.sort((a, b) => b.failed + b.retried - (a.failed + a.retried));
}

function letterOf(step: string, stage: StageLine | undefined): 'x' | 'r' | '.' | '?' {
  if (!stage || stage.unjudgedSteps.includes(step)) return '?';
  if (stage.failedSteps.includes(step)) return 'x';
  if (stage.retriedSteps.includes(step)) return 'r';
  const isWhole =
    stage.failedSteps.length === stage.failed &&
    stage.retriedSteps.length === stage.retried &&
    stage.unjudgedSteps.length === stage.broken + stage.notRun;
  return isWhole ? '.' : '?';
}
