import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const SCHEMA = join(import.meta.dirname, '../../fixtures/report/junit.xsd');

/** Throws, with what xmllint says, where a report is not as the schema of JUnit results says. */
export function validateJunit(xml: string): void {
  execFileSync('xmllint', ['--nonet', '--noout', '--schema', SCHEMA, '-'], { input: xml, stdio: 'pipe' });
}
