import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';

/** Directory of the policies that relval contains. */
export function policyFolder(): string {
  return createRequire(import.meta.url)
    .resolve('release-validation/validation/checks/policies/default.yaml')
    .replace(/[^/]*$/, '');
}

/** Names of the policies that relval contains. */
export function policyNames(): string[] {
  return readdirSync(policyFolder())
    .map((file) => file.replace(/\.yaml$/, ''))
    .sort();
}
