import { useEffect } from 'preact/hooks';

/** The title of the window: what is shown, its state first, so that a row of tabs can be read. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · relval`;
  }, [title]);
}
