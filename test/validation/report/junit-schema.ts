import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const SCHEMA = join(import.meta.dirname, '../../fixtures/report/junit.xsd');

/** Checks a report with the schema of JUnit results. Throws with the message of xmllint. */
export function validateJunit(xml: string): void {
  execFileSync('xmllint', ['--nonet', '--noout', '--schema', SCHEMA, '-'], { input: xml, stdio: 'pipe' });
}
