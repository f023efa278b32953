/**
 * Places of files as JDLs name them: paths, and XRootD addresses, whose parameters stand behind a `?`
 * (`root://HOST[:PORT]//PATH?svcClass=default`). In a path a `?` is a character like any other.
 */

const XROOTD = /^x?roots?:\/\//;

/** Whether it is an XRootD address: one of the schemes that `xrdcp` knows. */
export function isXrootd(place: string): boolean {
  return XROOTD.test(place);
}

/** Whether it means the same wherever it is read: an absolute path, an address, or text that a shell expands. */
export function isAbsolutePlace(place: string): boolean {
  return /^(\/|\$|[A-Za-z][\w+.-]*:\/\/)/.test(place);
}

/** The place without its parameters, and these with their `?`; nothing where there are none. */
export function splitParameters(place: string): { path: string; parameters: string } {
  const mark = isXrootd(place) ? place.indexOf('?') : -1;
  return mark < 0 ? { path: place, parameters: '' } : { path: place.slice(0, mark), parameters: place.slice(mark) };
}

/** A file, or something further below, of a directory. The parameters of an address stay behind everything. */
export function placeBelow(directory: string, name: string): string {
  const { path, parameters } = splitParameters(directory);
  return `${path.replace(/([^/])\/+$/, '$1')}/${name}${parameters}`;
}

/** What is behind the last slash, without the parameters of an address. */
export function baseName(place: string): string {
  const { path } = splitParameters(place);
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * The directory above, `levels` times: "." above a name without one, "/" above the root. The server of an address is
 * no directory. Parameters stay.
 */
export function placeAbove(place: string, levels = 1): string {
  const { path, parameters } = splitParameters(place);
  const [server = ''] = /^[A-Za-z][\w+.-]*:\/\/[^/]*\//.exec(path) ?? [];
  let directory = path.slice(server.length);
  for (let i = 0; i < levels; i++) {
    const slash = directory.lastIndexOf('/');
    if (slash < 0) return server === '' ? '.' : `${server}/${parameters}`;
    directory = directory.slice(0, slash).replace(/\/+$/, '') || '/';
  }
  return server + directory + parameters;
}

/** The parts of an XRootD address that `xrdfs SERVER COMMAND PATH` wants: parameters go with both. */
export function xrootdParts(address: string): { server: string; path: string; parameters: string } {
  const { path: place, parameters } = splitParameters(address);
  const [, server = '', path = ''] = /^(x?roots?:\/\/[^/]*)\/?(.*)$/s.exec(place) ?? [];
  return { server: parameters === '' ? server : `${server}/${parameters}`, path, parameters };
}
