import type { ComponentChildren } from 'preact';
import {
  COURSES,
  describeCame,
  describeDrift,
  describeOften,
  describeStep,
  describeWent,
} from '../../history/show/words.ts';
import type { DriftTrend, FindingTrend, StepTrend } from '../../history/trend.ts';
import { printable } from '../../report/printable.ts';
import { describeSameRelease, type NightName } from '../../report/since.ts';
import type { Trend } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { pathOf, runPath, stepPath } from '../routes.ts';

/** The largest number of entries of each list. */
const MOST = 100;

/** The changes over the nights in words: new findings, drifts, flaky findings and steps, and fixed findings. */
export function News({ trend }: { trend: Trend }) {
  const [open, ...others] = COURSES;
  const hasStrips = trend.findings.length + trend.steps.length > 0;
  return (
    <>
      {hasStrips && (
        <p class="soft">
          Each mark in the strips below is a night, the oldest at the left. Block: the finding is there, or the step
          failed. Amber block: the step succeeded in a later attempt. Low bar: the finding is not there. Thin line:
          unknown.
        </p>
      )}
      {open && <Course trend={trend} {...open} none="No new finding is there in the newest night." />}
      <Drifts drifts={trend.drifts} />
      {others.map((one) => (
        <Course key={one.course} trend={trend} {...one} />
      ))}
    </>
  );
}

/** @param none the text for an empty list; absent: an empty list is not shown */
function Course({
  trend,
  course,
  title,
  none,
}: {
  trend: Trend;
  course: FindingTrend['course'];
  title: string;
  none?: string;
}) {
  const own = trend.findings.filter((finding) => finding.course === course);
  const steps = course === 'flaky' ? trend.steps : [];
  const count = own.length + steps.length;
  if (count === 0 && none === undefined) return null;
  return (
    <section aria-labelledby={course}>
      <h2 id={course}>
        {title} <span class="soft">{count}</span>
      </h2>
      {count === 0 && <p class="soft">{none}</p>}
      {own.slice(0, MOST).map((finding) => (
        <Finding key={finding.key} finding={finding} />
      ))}
      {steps.slice(0, MOST).map((step) => (
        <FlakyStep key={step.step} step={step} />
      ))}
      {count > MOST && <p class="soft">The JSON has all {count}.</p>}
    </section>
  );
}

function Drifts({ drifts }: { drifts: readonly DriftTrend[] }) {
  if (drifts.length === 0) return null;
  return (
    <section aria-labelledby="drift">
      <h2 id="drift">
        Stages that change over the nights <span class="soft">{drifts.length}</span>
      </h2>
      {drifts.map((drift) => (
        <Drift key={`${drift.stage} ${drift.quantity}`} drift={drift} />
      ))}
    </section>
  );
}

function Finding({ finding }: { finding: FindingTrend }) {
  const { course, severity, excused, rule, component, text, stage, steps, count, came, went, last, marks } = finding;
  const step = steps[0];
  const where = count > 1 ? `${counted(count, 'step')} of ${stage}` : (step ?? stage);
  const hasChange = course === 'open' || course === 'fixed';
  const change = course === 'fixed' ? went : course === 'open' ? came : undefined;
  const same = change && describeSameRelease(change);
  return (
    <article class="finding">
      <h3>
        <span class={excused ? 'info' : severity}>{excused ? 'excused' : severity}</span> {printable(rule)}{' '}
        <span class="soft">{printable([where, component ?? ''].filter((part) => part !== '').join(', '))}</span>
      </h3>
      <pre>{printable(text)}</pre>
      {course === 'fixed' && <p>{sentence(describeWent(finding))}</p>}
      <p>{sentence(hasChange ? describeCame(finding) : describeOften(finding))}</p>
      {same && <p class="warning">{sentence(same)}</p>}
      <Marks marks={marks} severity={severity} />
      <p class="ways">
        {step !== undefined && !last.removed && (
          <a href={stepPath(last.run, step)}>{printable(step)} in the last bad night</a>
        )}
        {!came.after.removed && <a href={runPath(came.after.run)}>first bad night</a>}
        {hasChange && (
          <Compare one={came.before} other={came.after}>
            compare it with the last good night
          </Compare>
        )}
        {hasChange && went && (
          <Compare one={went.before} other={went.after}>
            compare the nights around the fix
          </Compare>
        )}
      </p>
    </article>
  );
}

function FlakyStep({ step }: { step: StepTrend }) {
  return (
    <article class="finding">
      <h3>
        <span class="warning">step</span> {printable(step.step)} <span class="soft">{printable(step.stage)}</span>
      </h3>
      <p>{sentence(describeStep(step))}</p>
      <Marks marks={step.marks} />
      <p class="ways">{!step.last.removed && <a href={stepPath(step.last.run, step.step)}>its last bad night</a>}</p>
    </article>
  );
}

function Drift({ drift }: { drift: DriftTrend }) {
  const { stage, from, to, nights, p } = drift;
  return (
    <article class="finding">
      <h3>
        <span class="warning">{drift.kind}</span> {printable(stage)}
      </h3>
      <p>{sentence(describeDrift(drift))}</p>
      <p class="soft">
        Over {nights} nights; noise alone looks like this with a probability of{' '}
        {p < 1e-6 ? 'less than 0.000001' : p.toPrecision(1)}.
      </p>
      <p class="ways">
        <Compare one={from} other={to}>
          compare {drift.kind === 'jump' ? 'the two nights' : 'the first and the last night'}
        </Compare>
      </p>
    </article>
  );
}

const WORDS: Record<string, string> = { x: 'bad', e: 'excused', r: 'retried', '.': 'good', '?': 'unknown' };

/** One cell for each night, the oldest at the left. */
function Marks({ marks, severity = 'error' }: { marks: string; severity?: 'error' | 'warning' }) {
  const bad = [...marks].filter((mark) => mark === 'x' || mark === 'e').length;
  return (
    <svg
      class={severity === 'warning' ? 'marks warn' : 'marks'}
      viewBox={`0 0 ${marks.length} 10`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Bad in ${bad} of the ${marks.length} nights shown`}
    >
      {[...marks].map((mark, n) => (
        <rect
          key={n}
          class={`mark ${WORDS[mark] ?? ''}`}
          x={n + 0.06}
          width="0.88"
          y={mark === '.' ? 7 : mark === '?' ? 4.5 : 0}
          height={mark === '.' ? 3 : mark === '?' ? 1 : 10}
        />
      ))}
    </svg>
  );
}

function Compare({
  one,
  other,
  children,
}: {
  one: NightName | undefined;
  other: NightName;
  children: ComponentChildren;
}) {
  if (!one || one.removed || other.removed) return null;
  return <a href={pathOf(['compare', one.run, other.run])}>{children}</a>;
}

function sentence(text: string): string {
  const shown = printable(text);
  return `${shown.charAt(0).toUpperCase()}${shown.slice(1)}.`;
}
