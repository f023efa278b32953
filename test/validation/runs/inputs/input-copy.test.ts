import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyInputs, requestOfCopy } from '../../../../validation/runs/inputs/input-copy.ts';
import { RunDir } from '../../../../validation/runs/store/store.ts';
import type { Plan } from '../../../../validation/workflow/plan.ts';
import { planJdl, planWorkflow } from '../../../../validation/workflow/planner.ts';

let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => directory.removeCallback());

function write(path: string, text: string): string {
  const file = join(directory.name, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const REQUEST = { set: [], setAppend: [], lenient: false, local: true };
/** The input files of steps, by name. */
const sent = (plan: Plan): Record<string, string> =>
  Object.fromEntries(
    plan.stages
      .flatMap(({ inputs }) => inputs)
      .flatMap((input) => (input.kind === 'sent' ? [[input.name, readFileSync(input.source, 'utf8')]] : [])),
  );

it('a plan made from the copy is the same when the originals are gone: from the current directory, beside the input, below both', () => {
  const input = write(
    'in/w.yaml',
    `name: w
scripts: [more]
stages:
  - { name: a, executable: run.sh, inputs: [here.txt, sub/deep.txt, ../above.txt, 'LF:/grid/both.txt'] }
  - { name: b, executable: helper.sh, each: { files: list.txt } }
`,
  );
  for (const name of ['run.sh', 'sub/deep.txt', 'both.txt', 'list.txt']) write(`in/${name}`, `in ${name}\n`);
  write('in/more/helper.sh', 'helper\n');
  write('above.txt', 'above\n');
  const cwd = dirname(write('cwd/here.txt', 'here\n'));
  write('cwd/both.txt', 'cwd wins\n');
  const run = new RunDir(join(directory.name, 'run'));
  const original = planWorkflow(input, { cwd, outputBase: run.path });
  copyInputs(run, original);
  const before = sent(original);
  rmSync(cwd, { recursive: true });
  rmSync(dirname(input), { recursive: true });
  rmSync(join(directory.name, 'above.txt'));
  const request = requestOfCopy(run, { ...REQUEST, input, cwd });
  const copy = planWorkflow(request.input, { ...(request.cwd && { cwd: request.cwd }), outputBase: run.path });
  expect(sent(copy)).toEqual(before);
  expect(before).toMatchObject({ 'both.txt': 'cwd wins\n', 'helper.sh': 'helper\n', 'above.txt': 'above\n' });
  expect(copy.steps.map(({ id, inputFile }) => [id, inputFile])).toEqual(
    original.steps.map(({ id, inputFile }) => [id, inputFile]),
  );
  expect(copy.name).toBe(original.name);
});

it('a JDL keeps its overrides and its name', () => {
  const input = write(
    'jobs/gpmc.jdl',
    'Executable = "/x/aliroot_dpgsim.sh"; Packages = { "VO@AliPhysics::v1" }; Split = "production:1-2"; OutputDir = "out/#alien_counter_04i#";',
  );
  write('jobs/gpmc_override.jdl', 'Split = "production:1-3";');
  write('jobs/aliroot_dpgsim.sh', 'echo\n');
  const run = new RunDir(join(directory.name, 'run'));
  const original = planJdl(input, { cwd: directory.name, allowMissing: true });
  copyInputs(run, original);
  rmSync(dirname(input), { recursive: true });
  const copy = planJdl(requestOfCopy(run, { ...REQUEST, input, cwd: directory.name }).input, { allowMissing: true });
  expect(copy.steps.map(({ id }) => id)).toEqual(original.steps.map(({ id }) => id));
  expect(copy.name).toBe('gpmc');
});
