import { z } from 'zod';
import { formatHostPort } from '../net/address.ts';

const MasterInfo = z.object({
  address: z.object({ hostname: z.string().optional(), ip: z.string().optional(), port: z.number().int() }),
});

/**
 * The URL of the master with this MasterInfo (JSON). For http it uses the address, which needs no name service; for
 * https the name, for which its certificate was made. The integer `ip` beside `address` cannot be used: its byte order is
 * that of the master's machine.
 * @throws Error when it is no MasterInfo
 */
export function masterUrl(data: Buffer, scheme: 'http' | 'https'): URL {
  const { hostname, ip, port } = MasterInfo.parse(JSON.parse(data.toString('utf8'))).address;
  const host = scheme === 'https' ? (hostname ?? ip) : (ip ?? hostname);
  if (!host) throw new Error('the MasterInfo has neither hostname nor ip');
  return new URL(`${scheme}://${formatHostPort({ host, port })}/`);
}
