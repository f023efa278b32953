import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ExpandedStep, planJson } from '../../../validation/workflow/json.ts';
import type { Plan } from '../../../validation/workflow/plan.ts';
import { type PlanOptions, planJdl } from '../../../validation/workflow/planner.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../../fixtures/jdl/${path}`, import.meta.url));

let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => directory.removeCallback());

/** The plan of the Monte Carlo JDL with settings; `directory` is the current one. */
function mc(set: string[], options: PlanOptions = {}): Plan {
  return planJdl(fixture('mc/jetmc.jdl'), { set, cwd: directory.name, ...options });
}

function stepsOf(plan: Plan): Map<string, ExpandedStep> {
  return new Map(planJson(plan).steps.map((step) => [step.id, step]));
}

function write(name: string, text: string): void {
  writeFileSync(join(directory.name, name), text);
}

function linesOf(plan: Plan, name: string): string[] {
  const input = plan.stages.flatMap((stage) => stage.inputs).find((other) => other.name === name);
  return input?.kind === 'generated' ? [...input.lines()] : [];
}

describe('an OutputDir', () => {
  it('may end in a slash: merged files go above the directories of the jobs', () => {
    const plan = mc(['OutputDir=/data/#alien_counter_04i#/']);
    expect(stepsOf(plan).get('sim0003')?.outputDir).toBe('/data/0003/');
    expect(stepsOf(plan).get('simResMerge')?.outputDir).toBe('/data/SpacePointCalibrationMerge/001');
    expect(linesOf(plan, 'residualtrees.xml').join('\n')).toContain('turl="/data/0003/FilterEvents_Trees.root"');
    const one = mc(['OutputDir=/data/out/', 'Split=production:1-1']);
    expect(stepsOf(one).get('simQaMerge')?.outputDir).toBe('/data/out');
  });

  it('may have variables in the directories above: the first job decides', () => {
    const steps = stepsOf(mc(['OutputDir=/data/#alien_counter#/out']));
    expect(steps.get('sim0004')?.outputDir).toBe('/data/4/out');
    expect(steps.get('simQaMerge')?.outputDir).toBe('/data/3');
  });

  it('may take a file name apart at slashes: none of them separates directories', () => {
    write('list', '/raw/a.root\n');
    const set = ['Split=file', 'InputDataCollection=list', 'OutputDir=/data/#alienfilename/.root//#'];
    const steps = stepsOf(mc(set));
    expect(steps.get('sim0000')?.outputDir).toBe('/data/a');
    expect(steps.get('simQaPlots')?.arguments).toBe('/data/QA_merge_archive.zip');
  });
});

describe('Split', () => {
  it('by something else than numbers is one job where the JDL has no input files, with a warning', () => {
    const plan = mc(['Split=se']);
    expect(plan.steps[0]).toMatchObject({ id: 'sim0000', index: 0 });
    expect(plan.steps[1]?.id).toBe('simResMerge');
    expect(plan.warnings).toContain(
      'Split is "se", but the JDL has no InputDataCollection: the stage has one job without an input file',
    );
  });
});

describe('InputDataCollection', () => {
  const inputFiles = (plan: Plan) =>
    plan.steps.slice(0, plan.stages[0]?.name === 'sim' ? -4 : 0).map((s) => s.inputFile);

  it('may be several lists, of which the Grid need not fetch the files', () => {
    write('one', '/raw/a.root\n/raw/b.root\n');
    write('two', '# more\r\n\r\n  /raw/c.root  \r\n/raw/d.root\r\n');
    const collections = 'InputDataCollection={ "LF:/alice/one,nodownload", "two" }';
    expect(inputFiles(mc(['Split=file', collections, 'LimitInputFiles=3']))).toEqual([
      '/raw/a.root',
      '/raw/b.root',
      '/raw/c.root',
    ]);
    expect(mc(['Split=file', collections]).sources.slice(-2)).toEqual(
      ['one', 'two'].map((name) => join(directory.name, name)),
    );
  });

  it("may be a collection in AliEn's XML", () => {
    write(
      'wn.xml',
      `<?xml version="1.0"?>
<alien>
  <collection name="wn">
    <event name="1">
      <file name="a" size="1" turl="root://h//raw/a&amp;b &quot;1&quot;.root" type="f" />
      <file name="b" lfn="/alice/b" turl="root://h//raw/b.root" />
    </event>
    <event name="2"><file turl="root://h//raw/c.root" type="f"/></event>
  </collection>
</alien>
`,
    );
    expect(inputFiles(mc(['Split=file', 'InputDataCollection=LF:/alice/wn.xml']))).toEqual([
      'root://h//raw/a&b "1".root',
      'root://h//raw/b.root',
      'root://h//raw/c.root',
    ]);
  });

  it('is read as the collections that a plan makes', () => {
    const plan = mc([`OutputDir=/data/it's <&"> #alien_counter#`]);
    write('made.xml', linesOf(plan, 'residualtrees.xml').join('\n'));
    expect(inputFiles(mc(['Split=file', 'InputDataCollection=made.xml']))).toEqual(
      [3, 4, 5].map((i) => `/data/it's <&"> ${i}/FilterEvents_Trees.root`),
    );
  });
});

describe('Output', () => {
  it('names each file once, and is exported as the JDL has it', () => {
    const set = [
      'Output={ "a.zip:x.root,y.root@disk=2", "b.zip:x.root", "x.root" }',
      'JDLVariables={ "Output" }',
      'DontArchive=1',
    ];
    const step = stepsOf(mc(set)).get('sim0003');
    expect(step?.outputs).toEqual(['x.root', 'y.root', 'core*', 'validation_report.txt']);
    expect(step?.environment.ALIEN_JDL_OUTPUT).toBe('a.zip:x.root,y.root,b.zip:x.root,x.root');
  });
});

describe('two input files of one name', () => {
  it('are told once, with the one that is taken', () => {
    write('a.txt', '');
    expect(mc(['InputFile={ "a.txt", "/etc/a.txt" }']).warnings).toEqual([
      'two input files have the name a.txt: /etc/a.txt is used, a.txt is not',
    ]);
  });
});

describe('keys in other letters', () => {
  it('are told with the key that is meant', () => {
    expect(mc(['dontarchive=1', 'Split_Override=production:1-2', 'my_key=1', 'MY_append=2']).warnings).toEqual([
      '--set:1: dontarchive has no effect: keys are case-sensitive: write DontArchive',
      '--set:1: Split_Override has no effect: keys are case-sensitive: write Split_override',
    ]);
  });
});
