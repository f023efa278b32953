import { networkInterfaces } from 'node:os';
import { ObstacleError } from '../store/obstacle.ts';

/**
 * A run on this machine needs 127.0.0.1. Where it is missing, connections to it are refused in many words, and each of them
 * misleads.
 * @throws ObstacleError it is missing
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
