import { createRequire } from 'node:module';

/** The version of this package. To look it up takes 2 ms. */
export function ownVersion(): string {
  return (createRequire(import.meta.url)('release-validation/package.json') as { version: string }).version;
}
