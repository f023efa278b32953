import { networkInterfaces } from 'node:os';
import { ObstacleError } from '../store/obstacle.ts';

/**
 * Checks that this machine has 127.0.0.1, because a run on this machine needs it. Without this check the errors of the later
 * connections do not name the cause.
 * @throws ObstacleError when 127.0.0.1 is missing
 */
export function checkLoopback(): void {
  const addresses = Object.values(networkInterfaces()).flatMap((some) => some ?? []);
  if (addresses.some(({ address }) => address === '127.0.0.1')) return;
  if (addresses.some(({ address }) => address === '::1')) {
    throw new ObstacleError(
      'the loopback interface of this machine has only IPv6, but --local needs 127.0.0.1. To add it: ip address add 127.0.0.1/8 dev lo',
    );
  }
  throw new ObstacleError('the loopback interface of this machine is down. To start it: ip link set lo up');
}
