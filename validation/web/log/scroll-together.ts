import { useEffect, useRef, useState } from 'preact/hooks';
import type { PaneHandle } from './log-pane.tsx';

type Pane = { current: PaneHandle | undefined };

/** Two panes that scroll together, line by line. */
export interface ScrollTogether {
  isOn: boolean;
  /** When switched on again, the panes keep their current distance. */
  toggle: () => void;
  /** Must be called with the movements of each pane. */
  onMain: (top: number) => void;
  onOther: (top: number) => void;
  /** Scrolls the other pane to the place of the main pane, when its lines are loaded. @param atEnd whether the main pane is at its end */
  join: (atEnd: boolean) => void;
}

/** @param other the name of the log beside the main pane. When it changes, both panes start with the same line again */
export function useScrollTogether(main: Pane, beside: Pane, other: string): ScrollTogether {
  const [isOn, setOn] = useState(true);
  /** The distance in rows from the first row of the main pane to that of the other pane. */
  const distance = useRef(0);
  // A pane also reports movements that this code causes.
  const moving = useRef(false);
  useEffect(() => {
    distance.current = 0;
  }, [other]);
  const move = (pane: Pane, top: number): void => {
    if (!isOn || moving.current) return;
    moving.current = true;
    pane.current?.goTo(top);
    moving.current = false;
  };
  return {
    isOn,
    toggle: () => {
      if (!isOn) distance.current = (beside.current?.top() ?? 0) - (main.current?.top() ?? 0);
      setOn(!isOn);
    },
    onMain: (top) => move(beside, top + distance.current),
    onOther: (top) => move(main, top - distance.current),
    join: (atEnd) => {
      if (!atEnd) move(beside, (main.current?.top() ?? 0) + distance.current);
    },
  };
}
