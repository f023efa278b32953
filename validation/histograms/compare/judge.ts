import { counted } from '../../units/count.ts';
import { nameOf } from '../model.ts';
import type { Measurement, TestName, TestResult } from '../result.ts';
import { isIgnored, type Rule, settingsOf } from '../rules/match.ts';
import { DIFFERENT, STATES, type State } from '../show/states.ts';
import { normalisationTest } from './normalisation.ts';
import { changeText, compatibleText } from './sentence.ts';

/** The thresholds from which a difference counts. */
export interface Thresholds {
  /** The largest probability that chance alone makes any histogram of a file suspicious. */
  alpha: number;
  /** Like `alpha`, for the state `changed`. */
  alphaChanged: number;
  /** Smaller differences do not count, even if they are significant. Comparable to a shift in standard deviations. */
  sizeSuspicious: number;
  /** Like `sizeSuspicious`, for the state `changed`. */
  sizeChanged: number;
}

/**
 * By chance, one file in a thousand is suspicious, and one in a hundred thousand is changed. Calibrations differ from run to
 * run by more than a shift by a fiftieth of a standard deviation.
 */
export const THRESHOLDS: Thresholds = { alpha: 1e-3, alphaChanged: 1e-5, sizeSuspicious: 0.02, sizeChanged: 0.05 };

/** If several tests decide the same, the first in this list is reported: it is the easiest to understand. */
const REPORTED_FIRST: readonly TestName[] = [
  'shape',
  'means',
  'efficiency',
  'values',
  'cumulated',
  'entries',
  'bin',
  'normalisation',
  'overflow',
  'underflow',
  'outside',
];

/** The result for one object. */
export interface JudgedObject extends Measurement {
  name: string;
  state: State;
  /** The sentence that explains the state. */
  reason: string;
  critical: boolean;
  owner?: string;
  /** The test that decided the state, if a test did. */
  decided?: TestResult['test'];
}

export interface Judgement {
  /** The worst first. */
  objects: JudgedObject[];
  counts: Record<State, number>;
  /** Whether any object shows that the release differs. */
  differs: boolean;
  /** The sentence about the worst object. */
  reason: string;
  /** The number of tested histograms, by which the thresholds were divided. */
  tests: number;
}

/**
 * Judges the measurements of one file.
 * @param rules the rules that apply to the file
 * @param now ms since 1970: decides which `ignore` rules have expired
 */
export function judge(
  measurements: readonly Measurement[],
  rules: readonly Rule[],
  now: number,
  thresholds: Thresholds = THRESHOLDS,
): Judgement {
  const about = measurements.map((measurement) => {
    const name = nameOf(measurement.path);
    const settings = settingsOf(rules, name);
    return { measurement, name, settings, ignored: settings.ignore !== undefined && isIgnored(settings.ignore, now) };
  });
  const counter = about.find(({ settings }) => settings.eventCounter)?.measurement;
  const tested = about.map((one) => {
    const { measurement, settings } = one;
    const normalisation =
      counter && counter !== measurement && !measurement.found && (settings.tests?.includes('normalisation') ?? true)
        ? normalisationTest(measurement, counter)
        : undefined;
    return { ...one, tests: normalisation ? [...measurement.tests, normalisation] : measurement.tests };
  });
  const count = tested.filter(({ ignored, measurement }) => !ignored && !measurement.found).length;
  const objects = tested.map(({ measurement, name, settings, ignored, tests }): JudgedObject => {
    const head = {
      ...measurement,
      tests,
      name,
      critical: settings.critical ?? false,
      ...(settings.owner !== undefined && { owner: settings.owner }),
    };
    if (ignored && settings.ignore) {
      const { reason, owner, until } = settings.ignore;
      return { ...head, state: 'ignored', reason: `${reason} (${owner}${until ? `, until ${until}` : ''})` };
    }
    const expired = settings.ignore ? ` (no longer ignored since ${settings.ignore.until})` : '';
    if (measurement.found) {
      return { ...head, state: measurement.found.state, reason: measurement.found.reason + expired };
    }
    const own = { ...thresholds, ...settingThresholds(settings, thresholds) };
    const { state, worst } = stateOf(tests, count, own);
    const text = worst ? changeText(worst, measurement.facts) : compatibleText(tests, measurement.facts);
    return { ...head, state, reason: text + expired, ...(worst && { decided: worst.test }) };
  });
  const sorted = worstFirst(objects);
  const counts = Object.fromEntries(STATES.map((state) => [state, 0])) as Record<State, number>;
  for (const { state } of sorted) counts[state]++;
  const [first] = sorted;
  const both = objects.length - counts['only here'] - counts['only in the reference'];
  const isDisjoint = objects.length > 0 && both === 0;
  const differs = isDisjoint || (first !== undefined && DIFFERENT.has(first.state));
  const isNotable = first !== undefined && (DIFFERENT.has(first.state) || first.state === 'suspicious');
  const reason = isDisjoint
    ? 'no histogram is in both files'
    : isNotable
      ? `${first.name}: ${first.reason}`
      : `no difference in ${counted(both, 'histogram')}`;
  return { objects: sorted, counts, differs, reason, tests: count };
}

function settingThresholds(
  { alpha, size }: { alpha?: number | undefined; size?: number | undefined },
  all: Thresholds,
) {
  return {
    ...(alpha !== undefined && { alpha, alphaChanged: (alpha * all.alphaChanged) / all.alpha }),
    ...(size !== undefined && { sizeChanged: size, sizeSuspicious: (size * all.sizeSuspicious) / all.sizeChanged }),
  };
}

/**
 * The state that the tests of a histogram give. A difference counts if it is both significant and large enough. The threshold
 * of the probability is divided by the number of histograms of the file and by the number of tests of this histogram: with
 * a thousand tests, a chance of one in a thousand is expected once.
 */
function stateOf(
  tests: readonly TestResult[],
  histograms: number,
  { alpha, alphaChanged, sizeSuspicious, sizeChanged }: Thresholds,
): { state: State; worst?: TestResult } {
  const divisor = Math.max(1, histograms) * Math.max(1, tests.length);
  const ofSize = (size: number, p: number): TestResult | undefined => {
    const decisive = tests.filter((one) => one.size >= size && one.p < p / divisor);
    if (decisive.length <= 1) return decisive[0];
    return decisive.sort((one, other) => REPORTED_FIRST.indexOf(one.test) - REPORTED_FIRST.indexOf(other.test))[0];
  };
  const changed = ofSize(sizeChanged, alphaChanged);
  if (changed) return { state: 'changed', worst: changed };
  const suspicious = ofSize(sizeSuspicious, alpha);
  return suspicious ? { state: 'suspicious', worst: suspicious } : { state: 'compatible' };
}

function worstFirst(objects: readonly JudgedObject[]): JudgedObject[] {
  return objects
    .map((object) => {
      let [p, size] = [1, 0];
      for (const test of object.tests) {
        p = Math.min(p, test.p);
        size = Math.max(size, test.size);
      }
      return { object, state: STATES.indexOf(object.state), critical: Number(object.critical), p, size };
    })
    .sort((a, b) => a.state - b.state || b.critical - a.critical || a.p - b.p || b.size - a.size)
    .map(({ object }) => object);
}
