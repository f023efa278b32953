/** The number of characters of a line in a link: enough to be unique, and short enough for an address. */
const TEXT = 80;

/**
 * Address of a log from `report/index.html`; `path` is relative to the run directory. For use in an attribute.
 * @param line text of the line to which the browser scrolls, if it supports text fragments (https://wicg.github.io/scroll-to-text-fragment/)
 */
export function logLink(path: string, line = ''): string {
  const address = `../${path.split('/').map(encode).join('/')}`;
  // A browser cannot find text that was cut off or that is escaped on the page.
  const text =
    line
      .replace(/^…|…$/g, '')
      .split(/[\p{Cc}\p{Cf}\ufffd]/u)[0]
      ?.trim()
      .slice(0, TEXT) ?? '';
  return text === '' ? address : `${address}#:~:text=${encode(text).replaceAll('-', '%2D')}`;
}

function encode(text: string): string {
  return encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd')).replaceAll("'", '%27');
}
