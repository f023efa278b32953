import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../../validation/workflow/plan.ts';
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

const own = (text: string, options?: PlanOptions): Plan => planWorkflow(write('w.yaml', text), options);
const jdl = (text: string, options?: PlanOptions): Plan =>
  planJdl(
    write(
      'x.jdl',
      `Executable = "/x/aliroot_dpgsim.sh";\nOutputDir = "/o/#alien_counter#";\nSplit = "production:1-2";\n${text}`,
    ),
    options,
  );
const stageOf = ({ stages }: Plan, name: string) => stages.find((stage) => stage.name === name);
const warnings = (plan: Plan) => plan.warnings.map((warning) => warning.replaceAll(`${directory.name}/`, ''));

describe("keys in a stage's jdl", () => {
  it('are those of the stage: packages, outputs, limits, arguments, with the suffixes of a JDL', () => {
    const plan = own(`
name: w
jdl: { Packages: [VO_ALICE@A::v1], Output: [a.root], JDLVariables: [Packages] }
stages:
  - { name: one, command: x, jdl: { Packages: [VO_ALICE@B::v2, " VO_ALICE@C::v3 "], CopyTimeout: 7, NoLiveOutput: 1 } }
  - { name: two, command: x, jdl: { Packages_append: [VO_ALICE@B::v2], Output_override: [b.root] } }
  - { name: three, executable: ls, jdl: { SplitArguments: -l, OutputDir: there } }
`);
    expect(stageOf(plan, 'one')).toMatchObject({
      packages: ['VO_ALICE@B::v2', 'VO_ALICE@C::v3'],
      copyTimeout: 7,
      noLiveOutput: true,
    });
    expect(stageOf(plan, 'one')?.environment).toContainEqual(['ALIEN_JDL_PACKAGES', 'VO_ALICE@B::v2,VO_ALICE@C::v3']);
    expect(stageOf(plan, 'two')?.packages).toEqual(['VO_ALICE@A::v1', 'VO_ALICE@B::v2']);
    expect(stageOf(plan, 'two')?.outputs[0]).toEqual({ patterns: ['b.root'] });
    expect(stageOf(plan, 'three')).toMatchObject({ argumentsTemplate: '-l', outputDirTemplate: 'there' });
    expect(warnings(plan)).toEqual([]);
  });

  it('are named where nothing uses them, with the reason', () => {
    const plan = own(`
name: w
jdl: { Lost: a, Kept: b, JDLVariables: [Kept], EnvironmentCommand: "true" }
stages:
  - name: one
    command: x
    outputs: [a]
    jdl: { Pakages: [x], packages: [x], DontArchive: 1, Split: "file", TTL: 5, Output: [b], LPMPass: 1, LPMRun: 2 }
    export: [LPMRun]
  - { name: two, command: x, jdl: { Packages: [VO_ALICE@A::v1] } }
`);
    expect(warnings(plan)).toEqual([
      "w.yaml:8: Pakages in the jdl of the stage one is not used: it is not exported: name it in 'export'",
      'w.yaml:8: packages in the jdl of the stage one is not used: keys are case-sensitive: write Packages',
      "w.yaml:8: DontArchive in the jdl of the stage one is not used: it applies to the whole workflow: put it into the workflow's jdl, or into the JDL",
      "w.yaml:8: Split in the jdl of the stage one is not used: it applies to the whole workflow: put it into the workflow's jdl, or into the JDL",
      "w.yaml:8: TTL in the jdl of the stage one is not used: it has an effect only if JDLVariables or 'export' names it",
      'w.yaml:8: Output in the jdl of the stage one is not used: another key, or a key of the stage, replaces it',
      "w.yaml:8: LPMPass in the jdl of the stage one is not used: it is not exported: name it in 'export'",
      'stage two: the Packages in its jdl are not loaded, because an EnvironmentCommand makes the environment',
      "w.yaml:3: Lost in the jdl of the workflow is not used: it is not exported: name it in 'export'",
    ]);
  });

  it('of the workflows that come with relval need not be used', () => {
    expect(warnings(jdl(''))).toEqual([]);
  });

  it('with a suffix that does not fit are an error with its position', () => {
    const text =
      'name: w\njdl: { Packages: [a] }\nstages:\n  - { name: one, command: x, jdl: { Packages_append: b } }\n';
    expect(() => own(text)).toThrow(/w\.yaml:4:\d+: Packages_append: Packages is a list, so a text cannot be appended/);
  });
});

describe('a JDL', () => {
  it('loses empty entries of lists of names, and says so', () => {
    const plan = jdl('Packages = { "VO_ALICE@A::v1",\n"" , " " };\nOutput = { "", "a.root" };\nJDLVariables = { "" };');
    expect(stageOf(plan, 'sim')?.packages).toEqual(['VO_ALICE@A::v1']);
    expect(stageOf(plan, 'sim')?.outputs[0]).toEqual({ patterns: ['a.root'] });
    expect(stageOf(plan, 'sim')?.environment).toEqual([]);
    expect(warnings(plan)).toEqual([
      'x.jdl:5:1: an empty entry of Packages is ignored',
      'x.jdl:5:6: an empty entry of Packages is ignored',
      'x.jdl:6:12: an empty entry of Output is ignored',
      'x.jdl:7:18: an empty entry of JDLVariables is ignored',
    ]);
  });

  it('has its outputs also under the names that older ones have for them', () => {
    const plan = jdl(
      'OutputArchive = { "l.zip:*.log,std*@disk=1" };\nOutputFile = "a.root@disk=2";\nOutput = { "b.root" };\nJDLVariables = { "Output" };',
    );
    expect(stageOf(plan, 'sim')?.outputs).toEqual([
      { patterns: ['b.root'] },
      { patterns: ['a.root'] },
      { archive: 'l.zip', patterns: ['*.log', 'std*'] },
      { patterns: ['core*'] },
      { patterns: ['validation_report.txt'] },
    ]);
    expect(stageOf(plan, 'sim')?.environment).toContainEqual(['ALIEN_JDL_OUTPUT', 'b.root,a.root,l.zip:*.log,std*']);
  });

  it('says what a job needs, also in the letters of AliEn’s own services', () => {
    expect(stageOf(jdl('CPUCores = "8";\nMemorySize = "16GB";'), 'sim')?.resources).toMatchObject({
      cores: 8,
      memory: 16384,
    });
    expect(stageOf(jdl('CPUCores = 8;'), 'simResMerge')?.resources.cores).toBe(1);
    const other = jdl('Memorysize = { "2GB" };\nWorkdirectorysize = { "5000MB" };');
    expect(stageOf(other, 'sim')?.resources).toMatchObject({ cores: 1, memory: 2048, disk: 5000 });
    expect(warnings(other)).toEqual([]);
    for (const wrong of ['0', '-1', '2.5', 'many']) {
      const plan = jdl(`CPUCores = "${wrong}";`);
      expect(stageOf(plan, 'sim')?.resources.cores).toBe(1);
      expect(warnings(plan)).toEqual([`CPUCores: "${wrong}" is not a whole number from 1, so the default is used`]);
    }
  });

  it('gets the arguments of submit, and asks for those that it uses', () => {
    const text = 'SplitArguments = "--run $1";\nJDLVariables = { "LPMRun" };\nLPMRun = "$1";\nJobtag = "$7";';
    const plan = jdl(text, { arg: ['244411', 'unused'] });
    expect(stageOf(plan, 'sim')).toMatchObject({
      argumentsTemplate: '--run 244411',
      environment: [['ALIEN_JDL_LPMRUN', '244411']],
    });
    expect(warnings(plan)).toEqual(['--arg unused is not used: the JDL has no $2']);
    expect(() => jdl(text)).toThrow(
      /x\.jdl:4:18: SplitArguments: \$1: no argument was given(.|\n)*x\.jdl:6:10: LPMRun: \$1/,
    );
    expect(() => jdl(text)).not.toThrow(/Jobtag/);
  });
});

describe('an OutputDir with parameters', () => {
  const plan = () =>
    jdl('OutputDir = "root://h:1//out/#alien_counter_02i#?svcClass=x&y=a/b";\nOutput = { "FilterEvents_Trees.root" };');

  it('has them behind what is below it, and behind what is beside it', () => {
    const stages = plan().stages;
    expect(stages.map((stage) => stage.outputDirTemplate)).toEqual([
      'root://h:1//out/#alien_counter_02i#?svcClass=x&y=a/b',
      'root://h:1//out/SpacePointCalibrationMerge/001?svcClass=x&y=a/b',
      'root://h:1//out?svcClass=x&y=a/b',
      'root://h:1//out/QAplots_passMC?svcClass=x&y=a/b',
      'root://h:1//out?svcClass=x&y=a/b',
    ]);
    expect(stageOf(plan(), 'simQaPlots')?.argumentsTemplate).toBe(
      'root://h:1//out/QA_merge_archive.zip?svcClass=x&y=a/b',
    );
    const [collection] = stageOf(plan(), 'simResMerge')?.inputs ?? [];
    expect(collection?.kind === 'generated' && [...collection.lines()].join('\n')).toContain(
      'turl="root://h:1//out/01/FilterEvents_Trees.root?svcClass=x&amp;y=a/b"',
    );
  });

  it('is found again by who fetches from it', () => {
    const fetched = own(`
name: w
stages:
  - { name: calib, command: x, outputDir: "roots://h//out/calib?a=b", outputs: [OCDB.tar.gz] }
  - { name: pass, after: [calib], command: x, inputs: ["{{outputDir calib}}/OCDB.tar.gz,unpack"] }
`);
    expect(stageOf(fetched, 'pass')?.inputs[0]).toEqual({
      kind: 'xrootd',
      name: 'OCDB.tar.gz',
      unpack: true,
      url: 'roots://h//out/calib/OCDB.tar.gz?a=b',
    });
    expect(fetched.steps[0]?.expects).toEqual(['OCDB.tar.gz']);
  });

  it('has nothing in common with the names of input files that have parameters', () => {
    write('list.txt', 'root://h//d/18000273591030.10.root?svcClass=a/b\n');
    const plan = own(`
name: w
stages:
  - { name: one, each: { files: list.txt }, executable: ls, arguments: "{{run}} {{inputDir}}/#alienfilename#", outputDir: "o/#alienfilename/.root//#" }
`);
    expect(stageOf(plan, 'one')?.argumentsTemplate).toBe('273591 root://h//d/#alienfilename#?svcClass=a/b');
  });
});

describe('a file that a later stage fetches from where an earlier one stores its outputs', () => {
  const twoStages = (make: string, input: string) =>
    own(`
name: w
stages:
  - { name: make, ${make} }
  - { name: use, after: [make], command: x, inputs: ["${input}"] }
`);

  it('is one that this must make, of several steps the one that stores there', () => {
    const one = twoStages('command: x, outputs: [a.root], outputDir: /d/out', '/d/out/a.root');
    expect(one.steps.map((step) => step.expects)).toEqual([['a.root'], undefined]);
    const many = twoStages(
      'each: { jobs: 1-3 }, command: x, outputs: ["*.root"], outputDir: "/d/#alien_counter_02i#"',
      '/d/02/a.root',
    );
    expect(many.steps.map((step) => step.expects)).toEqual([undefined, ['a.root'], undefined, undefined]);
    expect(warnings(many)).toEqual([]);
    const known = twoStages('command: x, outputs: [a.root], expects: [a.root], outputDir: /d/out', '/d/out/a.root');
    expect(known.steps[0]?.expects).toBeUndefined();
    const other = twoStages('command: x, outputs: [a.root], outputDir: /d/out', '/d/output/a.root');
    expect(other.steps[0]?.expects).toBeUndefined();
  });

  it('is told where this does not store it as it is', () => {
    const packed = twoStages("command: x, outputs: ['a.zip:*.root'], outputDir: /d/out", '/d/out/a.root');
    expect(warnings(packed)).toEqual(['use fetches a.root of make, which is not among the outputs that make stores']);
    for (const [outputs, file] of [
      ['[d]', 'd/a.root'],
      ["['a.zip:*.root']", 'a.zip'],
      ["['d/*']", 'd/a.root'],
    ] as const) {
      expect(warnings(twoStages(`command: x, outputs: ${outputs}, outputDir: /d/out`, `/d/out/${file}`))).toEqual([]);
    }
  });
});

describe('jobs that store their outputs in one place', () => {
  it('are told, also where only two of many have input files of the same name', () => {
    write('list.txt', '/a/1.root\n/b/2.root\n/c/1.root\n');
    const plan = own(
      'name: w\nstages:\n  - { name: s, each: { files: list.txt }, command: x, outputDir: "o/#alienfilename#" }\n',
    );
    expect(warnings(plan)).toEqual([
      's: several jobs write to o/1.root, there is no #alien…# in the OutputDir that tells them apart',
    ]);
  });
});
