import { useState } from 'preact/hooks';
import type { StepDetail } from '../../server/api.ts';
import type { Query } from './highlight.ts';
import { LogPane, type PaneHandle } from './log-pane.tsx';
import type { LogName } from './log-source.ts';

/** The log to compare with: `good` is the log of the last good run, a number is another attempt. */
export function besideOf(wanted: string | null, detail: StepDetail, name: LogName): LogName | undefined {
  if (wanted === 'good' && detail.lastGood) return { ...name, ...detail.lastGood };
  const attempt = Number(wanted);
  return detail.attempts.some(({ number }) => number === attempt) ? { ...name, attempt } : undefined;
}

export function Beside(props: {
  name: LogName;
  title: string;
  wrap: boolean;
  query: Query | undefined;
  onScroll: (top: number) => void;
  onLoaded: () => void;
  handle: { current: PaneHandle | undefined };
}) {
  const [follow, setFollow] = useState(true);
  return (
    <LogPane
      key={`${props.name.run}/${props.name.attempt}/${props.name.stream}`}
      {...props}
      follow={follow}
      onFollow={setFollow}
      findings={[]}
      waiting={false}
    />
  );
}
