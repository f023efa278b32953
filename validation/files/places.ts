/**
 * Places of files in the form of JDLs: paths, and XRootD addresses, whose parameters follow a `?`
 * (`root://HOST[:PORT]//PATH?svcClass=default`). In a path a `?` is a normal character.
 */

const XROOTD = /^x?roots?:\/\//;

/** Whether it is an XRootD address: one of the schemes that `xrdcp` knows. */
export function isXrootd(place: string): boolean {
  return XROOTD.test(place);
}

/** Whether it means the same in every directory: an absolute path, an address, or text that a shell expands. */
export function isAbsolutePlace(place: string): boolean {
  return /^(\/|\$|[A-Za-z][\w+.-]*:\/\/)/.test(place);
}

/** The place without its parameters, and the parameters with their `?`; empty if there are none. */
export function splitParameters(place: string): { path: string; parameters: string } {
  const mark = isXrootd(place) ? place.indexOf('?') : -1;
  return mark < 0 ? { path: place, parameters: '' } : { path: place.slice(0, mark), parameters: place.slice(mark) };
}

/** A file, or a path further below, in a directory. The parameters of an address stay at the end. */
export function placeBelow(directory: string, name: string): string {
  const { path, parameters } = splitParameters(directory);
  return `${path.replace(/([^/])\/+$/, '$1')}/${name}${parameters}`;
}

/** The text after the last slash, without the parameters of an address. */
export function baseName(place: string): string {
  const { path } = splitParameters(place);
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * The directory above, `levels` times: "." above a name without one, "/" above the root. The server of an address does
 * not count as a directory. Parameters are kept.
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

/** The parts of an XRootD address for `xrdfs SERVER COMMAND PATH`: both get the parameters. */
export function xrootdParts(address: string): { server: string; path: string; parameters: string } {
  const { path: place, parameters } = splitParameters(address);
  const [, server = '', path = ''] = /^(x?roots?:\/\/[^/]*)\/?(.*)$/s.exec(place) ?? [];
  return { server: parameters === '' ? server : `${server}/${parameters}`, path, parameters };
}
