import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { planJson } from '../../../validation/workflow/json.ts';
import type { InputFile } from '../../../validation/workflow/plan.ts';
import { type PlanOptions, planJdl, planWorkflow } from '../../../validation/workflow/planner.ts';

let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => directory.removeCallback());

function write(name: string, text: string): string {
  const path = join(directory.name, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const plan = (text: string, options?: PlanOptions) => planWorkflow(write('own.yaml', text), options);
const linesOf = (input: InputFile | undefined) => (input?.kind === 'generated' ? [...input.lines()] : undefined);

describe("a user's own workflow", () => {
  it('of one command is one step', () => {
    const own = plan('name: hello\nstages:\n  - { name: hello, command: echo "hello $USER" }\n');
    expect(planJson(own)).toEqual({
      workflow: 'hello',
      name: 'hello',
      phases: 1,
      pending: [],
      warnings: [],
      steps: [
        {
          id: 'hello',
          stage: 'hello',
          index: 0,
          phase: 0,
          after: [],
          executable: 'hello.sh',
          arguments: '',
          environment: { RELVAL_INDEX: '0', RELVAL_INPUT: '' },
          inputs: ['hello.sh'],
          outputs: ['core*', 'validation_report.txt'],
          outputDir: 'hello',
          inputFile: null,
          image: null,
          resources: { cores: 1, memory: 1000, disk: 1000 },
        },
      ],
    });
    expect(linesOf(own.stages[0]?.inputs[0])).toEqual(['#!/bin/bash', 'set -e', 'echo "hello $USER"']);
    expect(own.sources).toEqual([join(directory.name, 'own.yaml')]);
  });

  it('takes what its stages say before its defaults', () => {
    const own = plan(`
name: w
defaults: { retries: 1, onFailure: stop, image: base, resources: { memory: 2GB, disk: 300, wallTime: 1h } }
stages:
  - { name: a, command: x }
  - { name: b, command: x, retries: 0, onFailure: continue, image: other, resources: { cores: 4, memory: 50MB, wallTime: 90 } }
`);
    const [a, b] = own.stages;
    expect(a).toMatchObject({
      retries: 1,
      onFailure: 'stop',
      image: 'base',
      resources: { cores: 1, memory: 2048, disk: 300, wallTime: 3600 },
    });
    expect(b).toMatchObject({
      retries: 0,
      onFailure: 'continue',
      image: 'other',
      resources: { cores: 4, memory: 50, disk: 300, wallTime: 90 },
    });
  });

  it('fans out over numbers, files and lines', () => {
    write('list.txt', "# files\n/data/a b.txt\nroot://h//it's.txt\n/data/c.txt\n");
    const own = plan(
      `
name: w
stages:
  - { name: n, each: { jobs: 9-10 }, command: x, outputDir: "/o/#alien_counter_03i#" }
  - { name: f, each: { files: list.txt, limit: 2 }, command: x, outputDir: "/o/#alienfilename/.txt//#" }
  - { name: m, after: [n], command: x }
  - { name: l, after: [m], each: { lines: made.txt, of: m }, executable: run.sh, arguments: -v }
`,
      { bins: { 'made.txt': ['one  two', '', ' three '] } },
    );
    const steps = planJson(own).steps.map(({ id, outputDir, inputFile, arguments: words, after, phase }) => [
      id,
      outputDir,
      inputFile,
      words,
      after,
      phase,
    ]);
    expect(steps).toEqual([
      ['n0009', '/o/009', null, '', [], 0],
      ['n0010', '/o/010', null, '', [], 0],
      ['f0000', '/o/a b', '/data/a b.txt', '/data/a b.txt', [], 0],
      ['f0001', "/o/it's", "root://h//it's.txt", "root://h//it's.txt", [], 0],
      ['m', 'm', null, '', ['n0009', 'n0010'], 0],
      ['l0000', 'l/0000', 'one_two', '-v one two', ['m'], 1],
      ['l0001', 'l/0001', 'three', '-v three', ['m'], 1],
    ]);
    expect(own.steps[3]?.extraArguments).toEqual(["root://h//it's.txt"]);
    expect(own.sources).toContain(join(directory.name, 'list.txt'));
    expect(own.stages[2]?.handsOn).toEqual(['made.txt']);
  });

  it('sends its scripts, hands files on and names collections', () => {
    write('run.sh', 'true\n');
    write('lib/common.sh', 'true\n');
    write('lib/tool.sh', 'true\n');
    const own = plan(`
name: w
scripts: [lib]
stages:
  - { name: a, each: { jobs: 1-2 }, executable: run.sh, inputs: [common.sh, /etc/hostname, "root://h//x.zip,unpack"], outputDir: "/o/#alien_counter#" }
  - name: b
    after: [a]
    executable: tool.sh
    inputs:
      - { made: part.txt, of: a }
      - { collection: all.txt, of: a, file: part.txt }
      - { optional: run.sh }
      - { optional: nowhere.sh }
      - "{{above a}}/summary.tar.gz,unpack"
`);
    const [a, b] = own.stages;
    expect(a?.inputs).toEqual([
      { kind: 'sent', name: 'common.sh', unpack: false, source: join(directory.name, 'lib/common.sh') },
      { kind: 'worker', name: 'hostname', unpack: false, path: '/etc/hostname' },
      { kind: 'xrootd', name: 'x.zip', unpack: true, url: 'root://h//x.zip' },
      { kind: 'sent', name: 'run.sh', unpack: false, source: join(directory.name, 'run.sh') },
    ]);
    expect(a?.handsOn).toEqual(['part.txt']);
    expect(b?.inputs.map((input) => [input.kind, input.name])).toEqual([
      ['made', 'a0001.part.txt'],
      ['made', 'a0002.part.txt'],
      ['generated', 'all.txt'],
      ['sent', 'run.sh'],
      ['worker', 'summary.tar.gz'],
      ['sent', 'tool.sh'],
    ]);
    expect(linesOf(b?.inputs[2])).toEqual(['/o/1/part.txt', '/o/2/part.txt']);
  });

  it('has the keys of a JDL in its own key, and changes them with settings', () => {
    const text = `
name: w
jdl:
  EnvironmentCommand: source env.sh
  JDLVariables: [TTL, Tag]
  TTL: 60
  Tag: "run {x}"
  DontArchive: 1
stages:
  - { name: a, command: x, outputs: ["z.zip:a*,b*@disk=2"], jdl: { Tag: "job-#alien_counter#" }, export: [More], each: { jobs: 3-3 } }
`;
    const [stage] = plan(text).stages;
    expect(stage).toMatchObject({
      environmentCommand: 'source env.sh',
      dontArchive: true,
      outputs: [{ patterns: ['a*'] }, { patterns: ['b*'] }],
      resources: { wallTime: 60 },
    });
    expect(planJson(plan(text)).steps[0]?.environment).toEqual({
      ALIEN_JDL_TTL: '60',
      ALIEN_JDL_TAG: 'job-3',
      ALIEN_JDL_MORE: '',
      RELVAL_INDEX: '3',
      RELVAL_INPUT: '',
    });
    expect(plan(text, { set: ['TTL=120'] }).stages[0]?.resources.wallTime).toBe(120);
  });

  it('can take the place of the built-in one of a JDL', () => {
    const jdl = write(
      'x.jdl',
      'Executable = "/any/thing.sh"; Split = "production:1-2"; OutputDir = "/o/#alien_counter#"; MemorySize = "3GB";',
    );
    const workflow = write(
      'own.yaml',
      'name: short\nstages:\n  - { name: only, each: job, resources: { memory: jdl } }\n',
    );
    const own = planJdl(jdl, { workflow });
    expect([own.name, own.workflow]).toEqual(['x', 'short']);
    expect(
      planJson(own).steps.map(({ id, executable, outputDir, resources }) => [
        id,
        executable,
        outputDir,
        resources.memory,
      ]),
    ).toEqual([
      ['only0001', '/any/thing.sh', '/o/1', 3072],
      ['only0002', '/any/thing.sh', '/o/2', 3072],
    ]);
    expect(own.sources).toEqual([jdl, workflow]);
  });

  it('of the example makes a plan with one barrier', () => {
    const example = createRequire(import.meta.url).resolve('release-validation/makeflows/examples/dice/workflow.yaml');
    expect(planWorkflow(example).pending).toEqual([{ stage: 'judge', file: 'faces.txt', madeBy: 'count' }]);
    const own = planWorkflow(example, { bins: { 'faces.txt': ['1 4000', '6 3990'] } });
    expect(planJson(own).steps.map(({ id, phase, arguments: words }) => [id, phase, words])).toEqual([
      ['roll0001', 0, ''],
      ['roll0002', 0, ''],
      ['roll0003', 0, ''],
      ['roll0004', 0, ''],
      ['count', 0, ''],
      ['judge0000', 1, '1 4000'],
      ['judge0001', 1, '6 3990'],
      ['gather', 1, ''],
    ]);
    expect(own.warnings).toEqual([]);
  });
});
