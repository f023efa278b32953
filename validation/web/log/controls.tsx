import type { ComponentChildren } from 'preact';
import type { StepDetail } from '../../server/api.ts';
import { setQuery } from '../state/place.ts';
import { folding, switchFolding } from './folding.ts';
import { stamps, switchStamps } from './stamps.ts';

const TIMES = { none: 'Show times', clock: 'Times: clock', since: 'Times: since start' } as const;

/** A button with the states on and off. @param title its effect, and its key */
export function Switch(props: { on: boolean; act: () => void; title: string; children: ComponentChildren }) {
  return (
    <button type="button" aria-pressed={props.on} onClick={props.act} title={props.title}>
      {props.children}
    </button>
  );
}

/** The switches for the display of a log. */
export function LogSwitches(props: {
  follow: boolean;
  onFollow: () => void;
  /** The log may still grow. */
  growing: boolean;
  wrap: boolean;
  onWrap: () => void;
}) {
  return (
    <>
      <Switch on={props.follow} act={props.onFollow} title="Show new lines when they arrive (G)">
        {props.growing ? 'Follow' : 'Go to the end'}
      </Switch>
      <Switch on={props.wrap} act={props.onWrap} title="Wrap long lines (w)">
        Wrap lines
      </Switch>
      <Switch
        on={folding.value}
        act={switchFolding}
        title="Fold commands of the shell, repeated lines and banners, once the step has ended (f)"
      >
        Fold groups
      </Switch>
      <Switch
        on={stamps.value !== 'none'}
        act={switchStamps}
        title="Time of each line: clock time, time since the attempt began, or none (i)"
      >
        {TIMES[stamps.value]}
      </Switch>
    </>
  );
}

/** Chooses the log to compare with. */
export function CompareWith({ detail, attempt, chosen }: { detail: StepDetail; attempt: number; chosen: string }) {
  return (
    <select
      aria-label="Compare with"
      value={chosen}
      onChange={(event) => setQuery({ beside: event.currentTarget.value })}
    >
      <option value="">Compare with …</option>
      {detail.lastGood && <option value="good">the last good run</option>}
      {detail.attempts
        .filter(({ number }) => number !== attempt)
        .map(({ number }) => (
          <option key={number} value={String(number)}>
            attempt {number}
          </option>
        ))}
    </select>
  );
}
