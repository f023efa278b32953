import { computed, signal } from '@preact/signals';
import { apiPath, parseRoute, pathOf } from '../routes.ts';

const read = () => ({ path: location.pathname, query: location.search, hash: location.hash });

/** Where the page is; changes with links, with `go`, and with the browser's back and forward. */
export const place = signal(read());
export const route = computed(() => parseRoute(place.value.path));
export const query = computed(() => new URLSearchParams(place.value.query));

for (const event of ['popstate', 'hashchange'] as const) {
  addEventListener(event, () => {
    place.value = read();
  });
}

/** @param how `replace` leaves no step in the browser's history: for filters and marked lines */
export function go(href: string, how: 'push' | 'replace' = 'push'): void {
  const before = location.pathname;
  if (how === 'replace') history.replaceState(history.state, '', href);
  else history.pushState(null, '', href);
  place.value = read();
  if (location.pathname !== before) scrollTo(0, 0);
}

/** Sets keys of the query; an empty one is taken away. Keeps path and hash. */
export function setQuery(changes: Record<string, string | undefined>, how: 'push' | 'replace' = 'replace'): void {
  const next = new URLSearchParams(location.search);
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined || value === '') next.delete(key);
    else next.set(key, value);
  }
  const text = next.toString();
  go(`${location.pathname}${text === '' ? '' : `?${text}`}${location.hash}`, how);
}

/** Plain clicks on links of ours stay in the page; with a modifier, or to a file of the server, the browser follows them. */
addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  const href = link?.getAttribute('href') ?? null;
  if (!link || href === null || event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  // A link of a drawing is no HTMLAnchorElement, so its address is read here.
  const { origin, pathname, href: address } = new URL(href, document.baseURI);
  if (link.hasAttribute('target') || link.hasAttribute('download') || origin !== location.origin) return;
  if (href.startsWith('#') || !pathname.startsWith(pathOf([])) || pathname.startsWith(apiPath([]))) return;
  event.preventDefault();
  go(address);
});
