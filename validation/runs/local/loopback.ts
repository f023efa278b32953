import { networkInterfaces } from 'node:os';
import { ObstacleError } from '../store/obstacle.ts';

/**
 * Why this machine cannot carry out runs with `--local`, and what to do: they need 127.0.0.1. Undefined: it has that address.
 */
export function loopbackProblem(): string | undefined {
  const addresses = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  if (addresses.some(({ address }) => address === '127.0.0.1')) return undefined;
  return addresses.some(({ address }) => address === '::1')
    ? 'the loopback interface of this machine has only IPv6, but --local needs 127.0.0.1. To add it: ip address add 127.0.0.1/8 dev lo'
    : 'the loopback interface of this machine is down. To start it: ip link set lo up';
}

/** Without this check the errors of the later connections do not name the cause. @throws ObstacleError when 127.0.0.1 is missing */
export function checkLoopback(): void {
  const problem = loopbackProblem();
  if (problem !== undefined) throw new ObstacleError(problem);
}
