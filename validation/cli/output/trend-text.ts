import { SYMBOL } from '../../graph/states.ts';
import {
  COURSES,
  describeCame,
  describeDrift,
  describeOften,
  describeStep,
  describeWent,
  QUANTITY,
} from '../../history/show/words.ts';
import type { FindingTrend, NightTrend, Trend } from '../../history/trend.ts';
import { paint } from '../../report/paint.ts';
import { printable } from '../../report/printable.ts';
import { dayOf, describeSameRelease } from '../../report/since.ts';
import { counted } from '../../units/count.ts';
import { formatDuration } from '../../units/time.ts';
import { COLOUR } from './run-colours.ts';
import { table } from './table.ts';

const BARS = '▁▂▃▄▅▆▇█';
/** The signs of the verdicts. */
export const SIGN = {
  passed: SYMBOL.succeeded,
  failed: SYMBOL.failed,
  broken: SYMBOL.broken,
  interrupted: SYMBOL.aborted,
};
/** The longest release, and the longest text of a finding, in one line; characters. */
const RELEASE = 24;
const TEXT = 88;
/** The largest number of listed findings of each group; `--json` has all. */
const SHOWN = 20;

/** The history of a workflow for a terminal: the nights, then the stages, then the changes. */
export function trendText(trend: Trend): string[] {
  const { nights } = trend;
  const [first, last] = [nights[0], nights.at(-1)];
  if (!first || !last) return [];
  const workflows = [...new Set(nights.map(({ workflow }) => workflow))].filter((one) => one !== trend.name);
  const older = trend.total - nights.length;
  const of = workflows.length > 0 ? ` (workflow ${workflows.map(printable).join(', ')})` : '';
  return [
    `${paint.bold(printable(trend.name))}${of}: ${counted(nights.length, 'night')}, ${dayOf(first)} to ${dayOf(last)}${older > 0 ? `; ${older} older, see --last` : ''}`,
    '',
    ...nightRows(nights),
    ...stageRows(trend),
    ...findingLines(trend),
    ...driftLines(trend),
  ];
}

function title(text: string): string[] {
  return ['', paint.bold(text)];
}

function nightRows(nights: readonly NightTrend[]): string[] {
  const short = shortRelease(nights);
  const rows = nights.map((night) => {
    const { totals, verdict, errors, warnings, histograms, accepted, removed, created, ended } = night;
    const notes = [
      errors > 0 ? counted(errors, 'error') : '',
      warnings > 0 ? counted(warnings, 'warning') : '',
      histograms > 0 ? `${counted(histograms, 'histogram')} changed` : '',
      accepted ? 'accepted' : '',
      removed ? 'run removed' : '',
    ].filter((note) => note !== '');
    return [
      dayOf(night),
      cut(short(night.release ?? ''), RELEASE),
      COLOUR[verdict](`${SIGN[verdict]} ${verdict}`),
      `${totals.succeeded}/${totals.steps}`,
      ended === undefined ? '' : formatDuration((ended - created) / 1000),
      notes.join(', '),
    ];
  });
  return table([['Night', 'Release', 'Verdict', 'Steps', 'Took', 'Found'].map((name) => paint.dim(name)), ...rows]);
}

/** If all nights test the same package, a table leaves out its name. */
export function shortRelease(nights: readonly { release?: string }[]): (release: string) => string {
  const packages = new Set(nights.flatMap(({ release }) => (release?.includes('::') ? [release.split('::')[0]] : [])));
  return (release) => (packages.size === 1 ? release.replace(/^[^:]*::/, '') : release);
}

/** A bar for each night, the oldest at the left. The scale goes from the smallest to the largest value of the stage. */
function stageRows({ nights, drifts }: Trend): string[] {
  const names = [...new Set(nights.flatMap(({ stages }) => stages.map(({ name }) => name)))];
  const rows = names.flatMap((name) => {
    const of = nights.map(({ stages }) => stages.find((stage) => stage.name === name)?.duration);
    const values = of.map((one) => one?.median);
    const known = values.filter((value) => value !== undefined);
    const latest = of.findLast((one) => one !== undefined);
    if (known.length === 0 || !latest) return [];
    const { format } = QUANTITY.duration;
    const spread = latest.high > latest.low ? `${format(latest.low)} to ${format(latest.high)}` : '';
    const mark = drifts.some(({ stage, quantity }) => stage === name && quantity === 'duration')
      ? paint.yellow('see below')
      : '';
    return [[cut(printable(name), RELEASE), bars(values), format(latest.median), spread, mark]];
  });
  if (rows.length === 0) return [];
  const head = ['Time of a step', 'oldest to newest', 'median', 'middle half', ''].map((name) => paint.dim(name));
  return ['', ...table([head, ...rows])];
}

function bars(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined);
  const [least, most] = [Math.min(...known), Math.max(...known)];
  return values
    .map((value) => {
      if (value === undefined) return ' ';
      const place = most > least ? (value - least) / (most - least) : 0;
      return BARS[Math.min(BARS.length - 1, Math.floor(place * BARS.length))];
    })
    .join('');
}

function findingLines({ findings, steps }: Trend): string[] {
  const lines = COURSES.flatMap(({ course, title: heading }) => {
    const own = findings.filter((finding) => finding.course === course);
    if (own.length === 0) return [];
    const rest = own.length > SHOWN ? [`  and ${own.length - SHOWN} more, see --json`] : [];
    return [...title(`${heading}: ${own.length}`), ...own.slice(0, SHOWN).flatMap(findingText), ...rest];
  });
  const flaky = steps.slice(0, SHOWN).flatMap((step) => {
    return [`  ${paint.bold(printable(step.step))}: ${printable(describeStep(step))}`, paint.dim(`    ${step.marks}`)];
  });
  const rest = steps.length > SHOWN ? [`  and ${steps.length - SHOWN} more, see --json`] : [];
  const ofSteps = flaky.length > 0 ? [...title(`Flaky steps: ${steps.length}`), ...flaky, ...rest] : [];
  const key =
    lines.length + ofSteps.length > 0
      ? ['', paint.dim(KEY)]
      : ['', 'No error or warning of the release in these nights.'];
  return [...lines, ...ofSteps, ...key];
}

const KEY =
  'A letter for each night, oldest at the left: x there or failed, e excused, r succeeded in a later attempt, . not there, ? unknown';

function findingText(finding: FindingTrend): string[] {
  const { course, severity, excused, text, component, count, steps, came, went, marks } = finding;
  const colour = severity === 'error' ? paint.red : paint.yellow;
  const where = count > 1 ? `${counted(count, 'step')} of ${finding.stage}` : (steps[0] ?? finding.stage);
  const notes = [where, component ?? '', excused ? 'excused' : ''].filter((note) => note !== '').join(', ');
  const change = course === 'fixed' ? went : course === 'open' ? came : undefined;
  const same = change && describeSameRelease(change);
  const details: Record<FindingTrend['course'], () => string[]> = {
    open: () => [describeCame(finding)],
    fixed: () => [describeWent(finding), describeCame(finding)],
    flaky: () => [describeOften(finding)],
    always: () => [describeOften(finding)],
  };
  return [
    `  ${colour(excused ? 'excused' : severity)} ${cut(printable(text), TEXT)}`,
    `    ${printable(notes)}`,
    ...details[course]().map((line) => `    ${printable(line)}`),
    ...(same === undefined ? [] : [`    ${printable(same)}`]),
    paint.dim(`    ${marks}`),
  ];
}

function driftLines({ drifts }: Trend): string[] {
  if (drifts.length === 0) return [];
  return [
    ...title(`Stages that change over the nights: ${drifts.length}`),
    ...drifts.map((drift) => `  ${paint.bold(printable(drift.stage))}: ${printable(describeDrift(drift))}`),
  ];
}

/** At most so many characters; an ellipsis stands for the others. */
export function cut(text: string, most: number): string {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join('')}…`;
}
