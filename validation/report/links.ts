/** Address of a log from `report/index.html`; `path` is relative to the run directory. For use in an attribute. */
export function logLink(path: string): string {
  return `../${path
    .replace(/\p{Cs}/gu, '\ufffd')
    .split('/')
    .map((part) => encodeURIComponent(part).replaceAll("'", '%27'))
    .join('/')}`;
}
