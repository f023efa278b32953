import { expect, it } from 'vitest';
import { isQuicklyRead } from '../../../validation/files/json-bytes.ts';

it('reads the JSON of a large report, but no text that has only lists', () => {
  const finding = JSON.stringify({
    step: 'sim00001',
    message: 'it had up to 95 MiB in memory, and asks for 10 MiB',
    at: [1],
  });
  expect(isQuicklyRead(Buffer.from(`[${'[],'.repeat(900_000)}0]`))).toBe(true);
  expect(isQuicklyRead(Buffer.from(`[${'[],'.repeat(1_100_000)}0]`))).toBe(false);
  expect(isQuicklyRead(Buffer.from(`[${`${finding},`.repeat(600_000)}0]`))).toBe(true);
});
