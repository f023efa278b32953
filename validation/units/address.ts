/** A host and a TCP port. An IPv6 address has no brackets here. */
export interface HostPort {
  host: string;
  port: number;
}

/**
 * Reads `HOST:PORT`. An IPv6 address stands in brackets: `[::1]:9097`.
 * @param least the smallest port: 0 where a free one may be asked for
 * @returns undefined for anything else, also for a name that a command line would take for an option
 */
export function parseHostPort(text: string, least = 1): HostPort | undefined {
  const [, v6, name, digits] = /^(?:\[([\da-fA-F:.]+)\]|([^\s:/[\]-][^\s:/[\]]*)):(\d{1,5})$/.exec(text) ?? [];
  const host = v6 ?? name;
  const port = Number(digits);
  if (host === undefined || port < least || port > 65_535) return undefined;
  return { host, port };
}

/** `HOST:PORT`, with the brackets that an IPv6 address needs. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
