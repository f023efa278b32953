import { SYMBOL } from '../../graph/states.ts';
import { printable } from '../../report/printable.ts';
import type { RunDetail } from '../../server/api.ts';
import { counted } from '../../units/count.ts';
import { formatDuration } from '../../units/time.ts';
import { Ago, Took } from '../parts/time.tsx';
import { apiPath } from '../routes.ts';
import { now } from '../state/clock.ts';
import { isActive, LOOK } from '../words.ts';
import { Actions } from './actions.tsx';
import type { LiveRun } from './live.ts';

/** The verdict in one word and one sentence, the new findings, and the possible actions. */
export function Answer({ run, detail }: { run: LiveRun; detail: RunDetail }) {
  const { id, status, totals, created, ended } = detail;
  const active = isActive(status);
  const done = totals.succeeded + totals.failed + totals.broken;
  return (
    <header class={`answer s-${LOOK[status]}`}>
      <h1>
        <span aria-hidden="true">{SYMBOL[LOOK[status]]}</span> {status.charAt(0).toUpperCase() + status.slice(1)}{' '}
        <span class="run-id">{id}</span>
      </h1>
      <p class="reason" aria-live="polite">
        {active ? progressOf(detail) : reasonOf(detail)}
      </p>
      {active && totals.steps > 0 && <progress max={totals.steps} value={done} aria-label="Steps that have ended" />}
      {active && detail.heldUp && (
        <ul class="held-up" aria-label="Why steps wait">
          {detail.heldUp.map((message) => (
            <li key={message}>{printable(message)}</li>
          ))}
        </ul>
      )}
      {!active && <News detail={detail} />}
      {!active && <Advice detail={detail} />}
      <p class="facts">
        {detail.release && <span>release {detail.release}</span>}
        <span>workflow {detail.workflow}</span>
        <span>
          started <Ago ms={created} />
        </span>
        <span>
          {active ? 'for ' : 'took '}
          <Took start={created} end={active ? undefined : (ended ?? created)} />
        </span>
        {active && detail.expectedEnd !== undefined && <span>{expectation(detail.expectedEnd)}</span>}
        {detail.hasReport && (
          <span>
            report:{' '}
            {['html', 'text', 'junit', 'json'].map((format, n) => (
              <span key={format}>
                {n > 0 && ', '}
                <a href={apiPath(['runs', id, 'report'], { format })} target="_blank" rel="noreferrer">
                  {format}
                </a>
              </span>
            ))}
          </span>
        )}
      </p>
      {detail.accepted && (
        <p>
          Accepted by {detail.accepted.by} <Ago ms={detail.accepted.time} />: {detail.accepted.note}
        </p>
      )}
      <Actions run={run} detail={detail} />
    </header>
  );
}

/** The obstacles are listed below, so they are left out here. */
function reasonOf({ reason = '', obstacles }: RunDetail): string {
  return obstacles ? 'no step was run: the pre-flight checks failed' : reason;
}

function progressOf({ totals, status, reason }: RunDetail): string {
  if (status === 'preparing') return 'It is being prepared.';
  if (status === 'judging') return reason ?? 'All steps have ended; the logs are being judged.';
  const done = totals.succeeded + totals.failed + totals.broken;
  const bad = [
    totals.failed > 0 ? `, ${totals.failed} failed` : '',
    totals.broken > 0 ? `, ${totals.broken} broken` : '',
  ].join('');
  return `${done} of ${counted(totals.steps, 'step')} ended${bad}; ${totals.running} running.`;
}

function expectation(end: number): string {
  const seconds = (end - now.value) / 1000;
  if (seconds < 0) return `${formatDuration(-seconds)} longer than usual`;
  // It is an estimate from earlier runs, so it is not exact to the second.
  return seconds < 60 ? 'less than 1 min to go' : `about ${formatDuration(Math.round(seconds / 60) * 60)} to go`;
}

/** Advice for a run that did not come to its end. */
function Advice({ detail: { id, status, totals, obstacles = [] } }: { detail: RunDetail }) {
  if (status !== 'interrupted' && status !== 'broken') return null;
  const noStepRan = totals.steps === 0;
  return (
    <div class="advice">
      {obstacles.length > 0 && (
        <ul aria-label="Obstacles">
          {obstacles.map((line) => (
            <li key={line}>{printable(line.replace(': failed: ', ': '))}</li>
          ))}
        </ul>
      )}
      <p>
        {obstacles.length > 0 ? 'After you have corrected this: ' : noStepRan ? 'To try again: ' : 'To continue: '}
        <code>relval resume {id}</code>
        {!noStepRan && <span class="soft"> Steps that succeeded do not run again.</span>}
      </p>
    </div>
  );
}

function News({ detail }: { detail: RunDetail }) {
  const { newErrors, errors, warnings, fixed, status, totals } = detail;
  if (errors === undefined || totals.succeeded + totals.failed + totals.broken === 0) return null;
  const isJudged = status === 'passed' || status === 'failed';
  const parts = [
    newErrors ? <strong class="bad">{counted(newErrors, 'new error')}</strong> : newErrors === 0 ? 'nothing new' : '',
    errors === 0 ? 'no errors' : `${counted(errors, 'error')} in total`,
    warnings ? counted(warnings, 'warning') : '',
    fixed ? `${fixed} fixed` : '',
    newErrors === undefined && isJudged ? 'compared with no run: none of this workflow was good before it' : '',
  ].filter((part) => part !== '');
  return (
    <p class="news">
      {parts.map((part, n) => (
        <span key={n}>{part}</span>
      ))}
    </p>
  );
}
