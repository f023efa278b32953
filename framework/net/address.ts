/** Host and port of a server. IPv6 addresses without brackets. */
export interface HostPort {
  host: string;
  port: number;
}

/**
 * Reads `HOST:PORT` or `[IPV6]:PORT`.
 * @param least the smallest port: 0 if a free port may be requested
 * @returns undefined for anything else, also for a name that a command line would read as an option
 */
export function parseHostPort(text: string, least = 1): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s/[\]-][^:\s/[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port < least || port > 65535) return undefined;
  return { host: match[1] ?? match[2] ?? '', port };
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
