import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import type { Seen } from './watch.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** File to which tests add what they have seen of containers: one JSON array of cells on each line. */
    tableFile: string;
  }
}

const HEADER = ['container', 'user', 'peak memory', 'limit', 'steps'];

/** Before all tests of containers. @returns what prints, after them all, the table of the containers that were seen */
export default function setup(project: TestProject): () => void {
  const dir = mkdtempSync(join(tmpdir(), 'relval-table-'));
  const file = join(dir, 'rows');
  appendFileSync(file, '');
  project.provide('tableFile', file);
  return () => {
    const rows = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    rmSync(dir, { recursive: true });
    if (rows.length > 0) process.stdout.write(`\n${tableOf(rows.map((row) => JSON.parse(row)))}\n`);
  };
}

/** Adds the containers that a test has seen. */
export function addToTable(test: string, containers: readonly Seen[]): void {
  const rows = containers.map(({ name, user, limit, peak, steps }) => [
    // Without the names of what it is part of.
    test.split(' > ').at(-1),
    name.slice(0, 'mesos-12345678'.length),
    user || 'root',
    `${peak.toFixed(0)} MB`,
    `${limit} MB, ${((100 * peak) / limit).toFixed(0)} %`,
    [...steps].join(' '),
  ]);
  appendFileSync(inject('tableFile'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
}

/** Rows below the name of their test, which is their first cell. */
function tableOf(rows: readonly string[][]): string {
  const cells = [HEADER, ...rows.map(([, ...row]) => row)];
  const widths = HEADER.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  const tests = [...new Set(rows.map(([test = '']) => test))];
  const groups = tests.map((test) => [
    `${test}:`,
    ...rows.filter(([of]) => of === test).map(([, ...row]) => `  ${line(row)}`),
  ]);
  return [`  ${line(HEADER)}`, ...groups.flat()].map((text) => text.trimEnd()).join('\n');
}
