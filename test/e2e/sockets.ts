import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A socket that waits for others, as the kernel lists it. */
export interface Listener {
  /** `tcp`, `tcp6`, `udp` or `udp6`. */
  kind: string;
  /** The kernel's hexadecimal form. */
  address: string;
  port: number;
}

/** 127.0.0.1, ::1 and ::ffff:127.0.0.1 as /proc/net writes them: words of 32 bits, on a little-endian machine. */
const LOOPBACK = new Set(['0100007F', '00000000000000000000000001000000', '0000000000000000FFFF00000100007F']);

export const isLoopback = ({ address }: Pick<Listener, 'address'>): boolean => LOOPBACK.has(address);

/** TCP_LISTEN; UDP sockets that are not connected have the state of a closed TCP one. */
const WAITING: Readonly<Record<string, string>> = { tcp: '0A', tcp6: '0A', udp: '07', udp6: '07' };

/** The sockets of a process that wait for others, in the namespace that it is in now. */
export function listenersOf(pid: number): Listener[] {
  const own = new Set(inodesOf(pid));
  return listenersIn(pid)
    .filter(({ inode }) => own.has(inode))
    .map(({ inode: _, ...listener }) => listener);
}

/** Inodes of the sockets that a process has open, in whatever namespace they were made. */
export function inodesOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
    } catch {
      return [];
    }
  });
}

/** All sockets that wait for others in the namespace of a process, whoever has them open. */
export function listenersIn(pid: number): (Listener & { inode: string })[] {
  return Object.entries(WAITING).flatMap(([kind, state]) =>
    readFileSync(`/proc/${pid}/net/${kind}`, 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === state)
      .map((fields) => {
        const [address = '', port = ''] = (fields[1] ?? '').split(':');
        return { kind, address, port: Number.parseInt(port, 16), inode: fields[9] ?? '' };
      }),
  );
}

/** Names of the network interfaces that a process sees. */
export function interfacesOf(pid: number): string[] {
  const lines = readFileSync(`/proc/${pid}/net/dev`, 'utf8').trim().split('\n').slice(2);
  return lines.map((line) => line.trim().split(':')[0] ?? '');
}

/** Which network namespace a process is in. */
export const namespaceOf = (pid: number): string => readlinkSync(`/proc/${pid}/ns/net`);

/** A process and all that descend from it. */
export function family(pid: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return [[Number(name), Number(parent)] as const];
      } catch {
        return [];
      }
    });
  const found = [pid];
  for (const one of found) found.push(...parents.filter(([, parent]) => parent === one).map(([child]) => child));
  return found;
}
