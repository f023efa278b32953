import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DirResult, dirSync } from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { logsOf, placeFiles, takeFiles } from '../../../../validation/runs/store/collect.ts';
import { RunDir } from '../../../../validation/runs/store/store.ts';
import { masksOf } from '../../../../validation/step/mask.ts';

let dir: DirResult;
let run: RunDir;
let work: string;
beforeEach(() => {
  dir = dirSync({ unsafeCleanup: true });
  run = new RunDir(dir.name);
  work = run.work;
  mkdirSync(work);
  mkdirSync(run.attemptDir('sim', 1), { recursive: true });
});
afterEach(() => dir.removeCallback());

/** Things in the place of a step's file. */
const OTHERS: Record<string, (path: string) => void> = {
  'a directory': (path) => mkdirSync(join(path, 'sub'), { recursive: true }),
  'a named pipe': (path) => void execFileSync('mkfifo', [path]),
  'a link to a device': (path) => symlinkSync('/dev/zero', path),
  'a link to nothing': (path) => symlinkSync('/nonexistent', path),
};
const FILES = ['stdout.log', 'stderr.log', 'logs', 'validation_report.txt', 'result.json'];

describe("a directory, pipe or device in the place of a step's file", () => {
  for (const [name, make] of Object.entries(OTHERS)) {
    it(`${name} is not taken, and the rest is`, async () => {
      for (const file of FILES) {
        if (file !== 'stderr.log') make(join(work, `sim.${file}`));
      }
      writeFileSync(join(work, 'sim.stderr.log'), 'said');
      takeFiles(run, 'sim', 1, work);
      expect(await placeFiles(run, 'sim', 1, masksOf(['secret']))).toBeUndefined();
      const directory = run.attemptDir('sim', 1);
      expect(readFileSync(join(directory, 'stderr.log'), 'utf8')).toBe('said');
      expect(logsOf(directory)).toEqual(['stderr.log']);
    });

    it(`${name} in the directory of the attempt gives way to the file`, async () => {
      const directory = run.attemptDir('sim', 1);
      for (const file of ['stdout.log', 'result.json', '.taken-stdout.log', 'logs']) make(join(directory, file));
      for (const file of FILES) writeFileSync(join(work, `sim.${file}`), file === 'logs' ? '' : 'x');
      takeFiles(run, 'sim', 1, work);
      expect(await placeFiles(run, 'sim', 1, masksOf([]))).toBeUndefined();
      expect(readFileSync(join(directory, 'stdout.log'), 'utf8')).toBe('x');
      expect(lstatSync(join(directory, 'result.json')).isFile()).toBe(true);
      expect(existsSync('/dev/zero')).toBe(true);
    });
  }
});
