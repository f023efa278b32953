import { signal } from '@preact/signals';
import { DARK, LIGHT, type Theme } from '../../graph/states.ts';

export type Choice = 'system' | 'light' | 'dark';
const KEY = 'relval-theme';

const stored = localStorage.getItem(KEY);
export const theme = signal<Choice>(stored === 'light' || stored === 'dark' ? stored : 'system');

/** The next of the three: what the switch does. */
export function switchTheme(): void {
  const next: Record<Choice, Choice> = { system: 'dark', dark: 'light', light: 'system' };
  theme.value = next[theme.value];
  localStorage.setItem(KEY, theme.value);
}

theme.subscribe((choice) => {
  if (choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
});

/** One table of colours for the graph and the page: states as `--failed-line`, `--failed-fill`. */
function properties({ page, text, soft, ...states }: Theme): string {
  const pairs = Object.entries(states).flatMap(([state, { fill, line }]) => [
    `--${state}-fill:${fill}`,
    `--${state}-line:${line}`,
  ]);
  return [`--page:${page}`, `--text:${text}`, `--soft:${soft}`, ...pairs].join(';');
}

const light = `color-scheme:light;${properties(LIGHT)};--edge:#d0d7de;--box:#f6f8fa;--link:#0757b8;--mark:#fff3b0;--here:#e6f0fb`;
const dark = `color-scheme:dark;${properties(DARK)};--edge:#39424d;--box:#1d232a;--link:#7fb6ff;--mark:#5c4a00;--here:#17304d`;
const states = Object.keys(LIGHT)
  .filter((key) => !['page', 'text', 'soft'].includes(key))
  .map(
    (state) =>
      `.s-${state}{--fill:var(--${state}-fill);--line:var(--${state}-line)}` +
      `.relval-graph .${state} .box{fill:var(--${state}-fill);stroke:var(--${state}-line)}` +
      `.relval-graph .${state} .state,.relval-graph .bar.${state}{fill:var(--${state}-line)}`,
  );

const sheet = new CSSStyleSheet();
sheet.replaceSync(
  `:root{${light}}` +
    `@media screen and (prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}` +
    `@media screen{:root[data-theme=dark]{${dark}}}` +
    states.join(''),
);
document.adoptedStyleSheets = [sheet];
