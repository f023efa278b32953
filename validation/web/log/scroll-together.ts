import { useEffect, useRef, useState } from 'preact/hooks';
import type { PaneHandle } from './log-pane.tsx';

type Pane = { current: PaneHandle | undefined };

/** Two panes of which one goes where the other is scrolled to, line by line. */
export interface ScrollTogether {
  isOn: boolean;
  /** Switched on again, they keep the distance that they have been brought to. */
  toggle: () => void;
  /** To be told of each pane's movements. */
  onMain: (top: number) => void;
  onOther: (top: number) => void;
  /** The other pane has its lines: it goes to where the main one is. @param atEnd which stays at its end, as the other does */
  join: (atEnd: boolean) => void;
}

/** @param other what stands beside the main pane: where it changes, line 1 is at the side of line 1 again */
export function useScrollTogether(main: Pane, beside: Pane, other: string): ScrollTogether {
  const [isOn, setOn] = useState(true);
  /** Rows from the main pane's first one to that of the other. */
  const distance = useRef(0);
  // A pane that is moved by us tells of it too.
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
