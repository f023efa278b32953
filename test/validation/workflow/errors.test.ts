import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JdlError } from '../../../validation/input/input-error.ts';
import { WorkflowError } from '../../../validation/workflow/errors.ts';
import { type PlanOptions, planJdl, planWorkflow } from '../../../validation/workflow/planner.ts';

let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => directory.removeCallback());

function write(name: string, text: string): string {
  const path = join(directory.name, name);
  writeFileSync(path, text);
  return path;
}

const MC = 'Executable = "/x/aliroot_dpgsim.sh";\nSplit = "production:1-2";\nOutputDir = "/o/#alien_counter#";\n';
const RECO =
  'Executable = "/x/aliroot_dpgCPass0.sh";\nSplit = "file";\nOutputDir = "/o/cpass0_pass1/#alien_counter#";\nInputDataCollection = "LF:/a/list";\n';

/** The first line of the error, without the temporary directory. */
function error(text: string, options: PlanOptions = {}): string {
  return message(() => planJdl(write('x.jdl', text), { cwd: directory.name, ...options })).split('\n')[0] as string;
}

function message(action: () => unknown): string {
  try {
    action();
  } catch (thrown) {
    expect(thrown instanceof JdlError || thrown instanceof WorkflowError).toBe(true);
    return (thrown as Error).message.replaceAll(`${directory.name}/`, '').replaceAll(directory.name, 'DIR');
  }
  throw new Error('no error was thrown');
}

describe('a JDL that makes no plan', () => {
  it.each([
    ['no Executable', 'A = 1;', 'x.jdl: the JDL has no Executable'],
    [
      'an Executable in other letters',
      'executable = "x";',
      'x.jdl: the JDL has no Executable; there is executable, but keys',
    ],
    ['an empty Executable', 'A = 1;\nExecutable = "";', 'x.jdl:2:14: x.jdl: the JDL has no Executable'],
    [
      'a job type that is neither',
      'A = 1;\nExecutable = "/x/other.sh";',
      'x.jdl:2:14: Executable: "/x/other.sh" is neither Monte Carlo (…aliroot_dpgsim.sh) nor reconstruction (…/aliroot_dpg…); name its workflow with --workflow',
    ],
    [
      'no OutputDir',
      MC.replace(/OutputDir.*/, ''),
      expect.stringMatching(/no OutputDir: expected a directory or a root:\/\/ address$/),
    ],
    [
      'no Split',
      MC.replace(/Split.*/, ''),
      expect.stringMatching(/the JDL has no Split: expected "production:FIRST-LAST" or "file"$/),
    ],
    [
      'a Split of another kind',
      MC.replace('production:1-2', 'production:x'),
      'x.jdl:2:9: Split: expected "production:FIRST-LAST" or "file", found "production:x"',
    ],
    ['a Split that runs backwards', MC.replace('1-2', '5-2'), 'x.jdl:2:9: the range 5-2 contains no job'],
    [
      'far too many jobs',
      MC.replace('1-2', '1-99999999'),
      'x.jdl:2:9: 99999999 jobs are more than the limit of 1000000',
    ],
    [
      'a missing input file',
      `${MC}InputFile = { "LF:/alice/a.cfg" };`,
      expect.stringMatching(/^x\.jdl:4:15: there is no input file 'a\.cfg' in DIR or /),
    ],
    [
      'an input file of another protocol',
      `${MC}InputFile = { "alien:///a/b" };`,
      "x.jdl:4:15: the protocol 'alien:' of the input file 'alien:///a/b' is not supported: expected LF:, root://, a path or a file name",
    ],
    [
      'an input file without a name',
      `${MC}InputFile = { "LF:/a/" };`,
      "x.jdl:4:15: the input file 'LF:/a/' has no name",
    ],
    [
      'a variable with a bad format',
      `${MC}SplitArguments = "#alien_counter_s#";`,
      'x.jdl:4:18: sim: #alien_counter_s# in arguments: expected a printf format for integers such as #alien_counter_05i#',
    ],
    [
      'an exported variable with a bad format',
      `${MC}JDLVariables = {"Tag"};\nTag = "#alien_counter_f#";`,
      expect.stringMatching(/^x\.jdl:5:7: sim: #alien_counter_f# in ALIEN_JDL_TAG/),
    ],
    [
      'a TTL that is no time',
      `${MC}JDLVariables = {"TTL"};\nTTL = "soon";`,
      'x.jdl:5:7: TTL: "soon" is not a number of seconds',
    ],
    [
      'an exported name that is none',
      `${MC}ExtraVariables = { "A-B" };`,
      "x.jdl:4:20: 'A-B' cannot be the name of an environment variable",
    ],
    ['no collection of input files', RECO, 'x.jdl:4:23: InputDataCollection: there is no file list in DIR or'],
    [
      'no InputDataCollection',
      RECO.replace(/InputData.*/, ''),
      'x.jdl:2:9: there is no input file: InputDataCollection must name a list of input files',
    ],
  ])('is told: %s', (_name, text, expected) => {
    const first = error(text);
    if (typeof expected === 'string') expect(first.slice(0, expected.length)).toBe(expected);
    else expect(first).toEqual(expected);
  });

  it('is told of every missing input file, once, although all stages want them', () => {
    const all = message(() =>
      planJdl(write('x.jdl', `${MC}InputFile = { "a", "LF:/x/b", "/worker/c", "root://h//d" };`)),
    );
    expect(all.match(/no input file '\w'/g)).toEqual(["no input file 'a'", "no input file 'b'"]);
    expect(all).toContain(
      '  4 | InputFile = { "a", "LF:/x/b", "/worker/c", "root://h//d" };\n    |                    ^',
    );
  });

  it('makes one all the same where missing files are allowed, with warnings', () => {
    const plan = planJdl(write('x.jdl', `${MC}InputFile = { "a" };`), { allowMissing: true });
    expect(plan.steps).toHaveLength(6);
    expect(plan.warnings).toEqual([expect.stringContaining("no input file 'a'")]);
  });

  it('drops input files of the OCDB without looking for them', () => {
    const plan = planJdl(write('x.jdl', `${MC}InputFile = { "LF:/a/OCDBsim.root", "OCDB.zip" };`));
    expect(plan.stages[0]?.inputs).toEqual([]);
  });

  it('is told where the collection is a directory or names no file', () => {
    mkdirSync(join(directory.name, 'list'));
    expect(error(RECO)).toContain('InputDataCollection: there is no file list');
    expect(error(RECO, { cwd: '/' })).toContain('no file list in / or DIR');
  });

  it('is told where the collection is empty, or its names have no run number', () => {
    write('list', '# none\n\n');
    expect(error(RECO)).toContain(
      'x.jdl:4:23: InputDataCollection lists no input file: expected one file on each line',
    );
    write('list', 'root://h//data/short.root\n');
    expect(error(RECO)).toMatch(
      /the name of the first input file has no run number: expected digits at characters 3 to 11 of 'short\.root'$/,
    );
  });
});

describe('time bins', () => {
  const bins = (...lines: string[]) => {
    write('list', '/data/18000290001021.101.root\n');
    return message(() => planJdl(write('x.jdl', RECO), { cwd: directory.name, bins: { 'timeBins.log': lines } }));
  };

  it('without a valid line are an error that shows the line', () => {
    expect(bins('', 'no bins found', '1 2')).toBe(
      'timeBins.log:2:1: timeBins.log has no valid line: expected lines that match ^[0-9]+ [0-9]+ [0-9]+$, found first\n  2 | no bins found\n    | ^',
    );
  });

  it('that are empty are an error', () => {
    expect(bins('', '')).toBe('timeBins.log is empty: expected lines that match ^[0-9]+ [0-9]+ [0-9]+$');
    expect(bins()).toContain('timeBins.log is empty');
  });
});

describe('a workflow file', () => {
  const workflow = (text: string) => message(() => planWorkflow(write('w.yaml', text)));

  it('that cannot be read is told by name', () => {
    expect(message(() => planWorkflow(join(directory.name, 'none.yaml')))).toBe('none.yaml: no such file');
    expect(message(() => planWorkflow(directory.name))).toBe('DIR: is a directory, not a file');
    expect(workflow(' \n')).toBe('w.yaml: the file is empty: it contains no workflow');
  });

  it('that is not YAML is told with the position', () => {
    expect(workflow('name: a\nstages: [')).toMatch(/^w\.yaml:2:10: /);
    expect(workflow('name: a\n  b: c: d\n')).toMatch(/^w\.yaml:\d+:\d+: /);
  });

  it.each([
    ['a tab', '  - name: a\n\tcommand: x', '4:1: Tabs are not allowed as indentation. Use spaces'],
    [
      'a colon in a text',
      '  - { name: a }\n  - name: b\n    command: echo a: b',
      "5:14: Nested mappings are not allowed in compact mappings. Put a text that contains ': ' into",
    ],
    [
      'quotes in quotes',
      '  - name: a\n    command: "echo "hi""',
      '4:21: Unexpected scalar at node end. Put a text that contains quotes into',
    ],
    ['a stage without a dash', '  name: a', '2:1: stages: expected a list, found a map of keys and values'],
    ['a stage without a name', '  - command: x', '3:5: stages.0.name: is missing: expected a text'],
    [
      'one output',
      '  - { name: a, command: x, outputs: a.txt }',
      '3:37: stages.0.outputs: expected a list, found a text',
    ],
    [
      'half a core',
      '  - { name: a, command: x, resources: { cores: 0.5 } }',
      '3:48: stages.0.resources.cores: expected a whole number, or jdl',
    ],
    [
      'a number of jobs',
      '  - { name: a, command: x, each: 10 }',
      '3:34: stages.0.each: expected job, { jobs: FIRST-LAST }, { files: LIST }',
    ],
    [
      'jobs without a range',
      '  - { name: a, command: x, each: { jobs: 10 } }',
      '3:42: stages.0.each.jobs: expected FIRST-LAST, such as 1-10',
    ],
    [
      'variables in a list',
      '  - { name: a, command: x, environment: [A=1] }',
      '3:28: stages.0.environment: expected a map of keys and values, found a list',
    ],
    [
      'an input that is a number',
      '  - { name: a, command: x, inputs: [5] }',
      '3:37: stages.0.inputs.0: expected a file name, or a map with',
    ],
    [
      'a program and a command',
      '  - { name: a, command: x, executable: y }',
      '3:25: stages.0.command: a stage has either a command, or',
    ],
  ])('with %s is told in plain words', (_name, stages, expected) => {
    const found = workflow(`name: w\nstages:\n${stages}\n`);
    expect(found.slice(0, expected.length + 7)).toBe(`w.yaml:${expected}`);
  });

  it('of the wrong shape is told every problem with its position', () => {
    const lines = workflow(
      'name: my flow\nstage: []\nstages:\n  - name: a-b\n    command: x\n    retries: many\n  - name: b\n    comand: y\n    after: a\n  - name: c\n    command: x\n    executable: y\n    resources: { memory: 1 pound }\n',
    )
      .split('\n')
      .filter((line) => line.startsWith('w.yaml'));
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^w\.yaml:1:7: name: expected a name of letters/),
        expect.stringMatching(/^w\.yaml:2:1: unknown key 'stage'/),
        expect.stringMatching(/^w\.yaml:4:11: stages\.0\.name: expected a name of letters and digits/),
        expect.stringMatching(/^w\.yaml:6:14: stages\.0\.retries: /),
        expect.stringMatching(/^w\.yaml:8:5: stages\.1: unknown key 'comand'/),
        expect.stringMatching(/^w\.yaml:9:12: stages\.1\.after: expected a list of stages, or all/),
        expect.stringMatching(
          /^w\.yaml:13:26: stages\.2\.resources\.memory: expected a size such as 512MB or 8GB, or jdl/,
        ),
      ]),
    );
    expect(lines).toHaveLength(8);
  });

  it.each([
    ['a stage that does not exist', 'after: [x]', "w.yaml:5:13: the stage 'x' does not exist"],
    ['a stage behind it', 'after: [c]', "w.yaml:5:13: the stage 'c' does not come before this one"],
    ['itself', 'after: [b]', "w.yaml:5:13: the stage 'b' does not come before this one"],
    [
      'a stage that it does not wait for',
      'inputs: [{ made: f, of: a }]',
      "w.yaml:5:29: this stage uses the stage 'a' but does not wait for it: add it to 'after'",
    ],
    ['an unknown placeholder', 'arguments: "{{nothing}}"', 'w.yaml:5:16: unknown placeholder {{nothing}}'],
    [
      'a placeholder of a later stage',
      'outputDir: "{{above c}}"',
      "w.yaml:5:16: {{above c}}: there is no stage 'c' before this one",
    ],
    [
      'the run number without input files',
      'arguments: "{{run}}"',
      'w.yaml:5:16: {{run}}: the workflow has no input file',
    ],
    ['a file that is not there', 'inputs: [nothing.sh]', "w.yaml:5:14: there is no input file 'nothing.sh' in"],
    ['a list that is not there', 'each: { files: none.txt }', 'w.yaml:5:5: no such file: none.txt'],
    ["the JDL's jobs without a JDL", 'each: job', 'w.yaml:5:11: the JDL has no Split'],
  ])('with a stage that refers to %s is told so', (_name, line, expected) => {
    const text = `name: w\nstages:\n  - { name: a, command: x }\n  - name: b\n    ${line}\n    executable: true\n  - { name: c, command: x }\n`;
    expect(workflow(text.replace('executable: true', 'executable: "true"')).slice(0, expected.length)).toBe(expected);
  });

  it('with a stage of lines that many steps would write is told so', () => {
    const text =
      'name: w\nstages:\n  - { name: a, each: { jobs: 1-2 }, command: x }\n  - name: b\n    after: [a]\n    each: { lines: f, of: a }\n    command: x\n';
    expect(workflow(text)).toContain(
      "w.yaml:6:27: the stage 'a' has several steps, but a single step must write the lines",
    );
  });

  it('with a stage twice, without a program, or with ids twice is told so', () => {
    expect(workflow('name: w\nstages:\n  - { name: a, command: x }\n  - { name: a, command: x }')).toMatch(
      /^w\.yaml:4:13: there is already a stage with the name 'a'/,
    );
    expect(workflow('name: w\nstages:\n  - { name: a }')).toMatch(
      /^w\.yaml:3:\d+: the stage a has neither an executable nor a command/,
    );
    expect(
      workflow(
        'name: w\nstages:\n  - { name: a, each: { jobs: 10001-10001 }, command: x }\n  - { name: a1, each: { jobs: 1-1 }, command: x }',
      ),
    ).toBe('the stages a and a1 both have a step a10001: rename one of them');
  });
});
