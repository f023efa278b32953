import type { VolumeMount } from '../scheduler/state/pool.ts';
import { ConfigError } from './config-error.ts';

/** `HOST[:CONTAINER[:RO|RW]]`, as in the predecessor. Default: the same path in the container, read and write. @throws ConfigError */
export function parseVolume(text: string): VolumeMount {
  const [hostPath = '', containerPath = hostPath, mode = 'RW', ...rest] = text.split(':');
  const upper = mode.toUpperCase();
  if (hostPath === '' || containerPath === '' || rest.length > 0 || (upper !== 'RO' && upper !== 'RW')) {
    throw new ConfigError(`volume ${JSON.stringify(text)}: expected HOST[:CONTAINER[:RO|RW]]`);
  }
  return { hostPath, containerPath, mode: upper };
}
