import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

export interface Key {
  /** As `KeyboardEvent.key` gives it. */
  key: string;
  /** What it does, for the overview. */
  what: string;
  act: () => void;
}

/** The keys of all that is shown now, the innermost part last. */
export const bound = signal<readonly (readonly Key[])[]>([]);

/** Keys that work while the component is shown. The handlers of its last rendering are used. */
export function useKeys(keys: readonly Key[]): void {
  const latest = useRef(keys);
  latest.current = keys;
  const names = keys.map(({ key }) => key).join(' ');
  // Bound anew only when other keys are meant
  useEffect(() => {
    const mine = latest.current.map(({ key, what }) => ({
      key,
      what,
      act: () => latest.current.find((one) => one.key === key)?.act(),
    }));
    bound.value = [...bound.peek(), mine];
    return () => {
      bound.value = bound.peek().filter((one) => one !== mine);
    };
  }, [names]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target)) {
    if (event.key === 'Escape') (event.target as HTMLElement).blur();
    return;
  }
  if (document.querySelector('dialog[open]')) return;
  const key = bound
    .peek()
    .toReversed()
    .flat()
    .find((one) => one.key === event.key);
  if (!key) return;
  event.preventDefault();
  key.act();
});
