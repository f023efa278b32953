import { signal } from '@preact/signals';

/** Now, ms since 1970, for ages and for what is still running; moves once a second while the page is seen. */
export const now = signal(Date.now());

setInterval(() => {
  if (document.visibilityState === 'visible') now.value = Date.now();
}, 1000);
