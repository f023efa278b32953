import { spawn } from 'node:child_process';
import { appendFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { expect, it, onTestFinished } from 'vitest';
import { submissionWatch } from '../../../validation/makeflow/htcondor.ts';

it('a failed submission is tried again for 70 s, whatever the clock of the machine says', () => {
  const directory = tmp.dirSync({ unsafeCleanup: true });
  onTestFinished(() => directory.removeCallback());
  // It stands for makeflow, and has no child process.
  const makeflow = spawn('sleep', ['60'], { stdio: 'ignore' });
  onTestFinished(() => void makeflow.kill('SIGKILL'));
  const stderr = join(directory.name, 'stderr');
  const said = "couldn't submit batch job, still trying...\n";
  let now = 1000;
  const isSubmitting = submissionWatch(() => now);
  const look = () => isSubmitting(makeflow.pid as number, stderr);

  expect(look()).toBe(false);
  writeFileSync(stderr, said);
  // The clock was set by a day since then.
  utimesSync(stderr, 0, 0);
  expect(look()).toBe(true);
  now += 70_000;
  expect(look()).toBe(true);
  now += 1;
  expect(look()).toBe(false);
  appendFileSync(stderr, said);
  expect(look()).toBe(true);
  appendFileSync(stderr, 'another trouble\n');
  expect(look()).toBe(false);
});
