import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkNeeds, takeOutputs } from '../../../../validation/runs/inputs/earlier-outputs.ts';
import { RunDir } from '../../../../validation/runs/store/store.ts';
import type { StoredFile } from '../../../../validation/workflow/plan.ts';
import { makePlan, makeStage, makeStep } from '../../plans.ts';

let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => directory.removeCallback());

function write(path: string, text = 'x'): void {
  const file = join(directory.name, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

const need = (place: string, file: string, archives: string[] = []): StoredFile => ({
  step: place,
  directory: place.startsWith('/') || place.includes(':') ? place : join(directory.name, place),
  file,
  archives,
});

async function refusal(needs: StoredFile[]): Promise<string> {
  return checkNeeds(needs).then(
    () => 'none',
    (error: Error) => error.message.replaceAll(`${directory.name}/`, ''),
  );
}

describe('outputs that earlier steps must have stored', () => {
  it('is found by name, by glob, below a directory of its own and in an archive', async () => {
    for (const file of ['a/QAresults_outer.root', 'a/plots/pt.png', "b/it's.root", 'b/log.zip']) write(file);
    const needs = [
      need('a', 'QAresults*.root'),
      need('a', 'plots/*.png'),
      need('b', "it's.root"),
      need('b', 'rec.log', ['log.zip']),
    ];
    expect(await checkNeeds(needs)).toEqual([]);
  });

  it('and has not is listed, all of it', async () => {
    write('a/QAresults.root');
    const message = await refusal([
      need('a', 'QAresults.root'),
      need('a', 'CalibObjects.root', ['root_archive.zip']),
      need('gone', 'x.root'),
      need('a/QAresults.root', 'below a file'),
    ]);
    expect(message.split('\n')).toEqual([
      'outputs are missing of steps that count as done:',
      '  a: a/CalibObjects.root',
      '  gone: gone/x.root',
      '  a/QAresults.root: a/QAresults.root/below a file',
      'Start at an earlier stage, or name the run that has them: --from RUN',
    ]);
    const many = Array.from({ length: 25 }, (_, i) => need(`${i}`, 'x'));
    expect(await refusal(many)).toContain('\n  and 5 more\n');
  });

  it('cannot be below the directory of a run that is new', async () => {
    const below = { ...need('sim0001', 'x'), directory: 'output/0001' };
    expect(await refusal([below])).toBe(
      'sim0001 counts as done, but this run does not have its outputs: its OutputDir output/0001 is below the directory of the run, and a new run has no outputs\nName the run that has them: --from RUN',
    );
  });

  it('where only the worker knows is a warning', async () => {
    const needs = [{ ...need('a', 'x'), directory: '$HOME/out' }];
    expect(await checkNeeds(needs)).toEqual(['not checked: $HOME/out is only known on the worker']);
  });

  it('on a storage server that does not answer is an error with the reason, or a warning without a client', async () => {
    const needs = [need('root://127.0.0.1:1//out', 'x')];
    const path = process.env.PATH;
    try {
      process.env.PATH = '/nowhere';
      expect(await checkNeeds(needs)).toEqual([
        'not checked: root://127.0.0.1:1//out, because xrdfs is not installed (package xrootd-client)',
      ]);
    } finally {
      process.env.PATH = path;
    }
    expect(await refusal(needs)).toMatch(/^root:\/\/127\.0\.0\.1:1\/\/out cannot be listed: .*(refused|error)/i);
  });
});

describe('the outputs of an earlier run', () => {
  /** A run whose steps stored these files. Each file contains its own path. */
  function ran(name: string, outputs: Record<string, string[]>): RunDir {
    const run = new RunDir(join(directory.name, name));
    for (const [step, files] of Object.entries(outputs)) {
      const outputDir = join(run.path, 'out', step);
      for (const file of files) write(`${name}/out/${step}/${file}`, `${name} ${step} ${file}`);
      const result = {
        ...EMPTY_RESULT,
        step,
        stage: step.replace(/\d+$/, ''),
        outputDir,
        outputs: files.map((file) => ({ name: file, size: 1 })),
      };
      write(`${name}/steps/${step}/1/result.json`, JSON.stringify(result));
    }
    return run;
  }
  const fresh = (name: string): RunDir => {
    mkdirSync(join(directory.name, name));
    return new RunDir(join(directory.name, name));
  };
  const read = (run: RunDir, path: string) => readFileSync(join(run.path, path), 'utf8');

  it('are put where the new run would have stored them, those of its own steps not', () => {
    const from = ran('old', { sim0001: ["it's a.root", 'plots/p.png'], sim0002: ['x'], merge: ['m'], bin0000: ['b'] });
    const to = fresh('new');
    const plan = makePlan([makeStep(makeStage('merge'))]);
    takeOutputs(from, to, { ...plan, pending: [{ stage: 'bin', file: 'bins', madeBy: 'merge' }] });
    expect(read(to, "out/sim0001/it's a.root")).toBe("old sim0001 it's a.root");
    expect(read(to, 'out/sim0001/plots/p.png')).toBe('old sim0001 plots/p.png');
    expect(statSync(join(to.path, 'out/sim0002/x')).ino).toBe(statSync(join(from.path, 'out/sim0002/x')).ino);
    expect(() => read(to, 'out/merge/m')).toThrow('ENOENT');
    expect(() => read(to, 'out/bin0000/b')).toThrow('ENOENT');
  });

  it('include outputs that the earlier run took from another one, also if that one is gone', () => {
    const first = ran('first', { sim0001: ['a'], merge: ['m'] });
    const second = ran('second', { merge: ['m'] });
    takeOutputs(first, second, makePlan([makeStep(makeStage('merge'))]));
    rmSync(first.path, { recursive: true });
    const third = fresh('third');
    takeOutputs(second, third, makePlan([makeStep(makeStage('plots'))]));
    expect(read(third, 'out/sim0001/a')).toBe('first sim0001 a');
    expect(read(third, 'out/merge/m')).toBe('second merge m');
  });
});

const EMPTY_RESULT = {
  schema: 'relval-result-1',
  index: 0,
  phase: 'done',
  blocking: false,
  exitStatus: 0,
  signal: null,
  timedOut: false,
  interrupted: false,
  start: 0,
  end: 1,
  payloadStart: 0,
  payloadEnd: 1,
  cpuTime: 0,
  host: 'h',
  worker: '',
  cores: 1,
  inputBytes: 0,
  outputBytes: 0,
  missing: [],
  coreDumps: [],
  message: '',
};
