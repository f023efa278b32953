import type { ComponentChildren } from 'preact';
import type { ServerError } from '../state/server.ts';

/** An empty view: its reason, and advice. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="notice">
      <p class="strong">{title}</p>
      {children}
    </div>
  );
}

export function Failed({ error, retry }: { error: ServerError; retry?: () => void }) {
  const advice =
    error.status === 0
      ? 'Is relval serve still running? The page asks again by itself.'
      : error.status === 404
        ? 'It may have been removed, or the link is mistyped.'
        : 'The log of relval serve may say more.';
  return (
    <div class="notice s-failed" role="alert">
      <p class="strong">{error.message}</p>
      <p>{advice}</p>
      {retry && error.status !== 404 && (
        <button type="button" onClick={retry}>
          Ask again
        </button>
      )}
    </div>
  );
}

export function Loading({ what }: { what: string }) {
  return (
    <p class="notice soft" role="status">
      Loading {what}…
    </p>
  );
}
