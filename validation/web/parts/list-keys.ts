import type { Key } from '../state/keys.ts';

/** The keys j, k, g and G move the focus between rows that have a link with `data-row-link`. */
export function listKeys(root: () => HTMLElement | null): Key[] {
  const links = (): HTMLElement[] => [...(root()?.querySelectorAll<HTMLElement>('[data-row-link]') ?? [])];
  const move = (by: number): void => {
    const all = links();
    const at = all.indexOf(document.activeElement as HTMLElement);
    all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]?.focus();
  };
  return [
    { key: 'j', what: 'next row', act: () => move(1) },
    { key: 'k', what: 'row before', act: () => move(-1) },
    { key: 'g', what: 'first row', act: () => links()[0]?.focus() },
    { key: 'G', what: 'last row', act: () => links().at(-1)?.focus() },
  ];
}
