import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tmp from 'tmp';
import { describe, expect, it } from 'vitest';
import { planJson } from '../../../validation/workflow/json.ts';
import type { InputFile, Plan } from '../../../validation/workflow/plan.ts';
import { type PlanOptions, planJdl } from '../../../validation/workflow/planner.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../../fixtures/jdl/${path}`, import.meta.url));
const expected = (path: string) => JSON.parse(readFileSync(fixture(path), 'utf8'));
const mc = (options?: PlanOptions) => planJdl(fixture('mc/jetmc.jdl'), options);
const BINS = { 'timeBins.log': ['5 100 200', '6 201 300'] };
const reco = (options: PlanOptions = { bins: BINS }) => planJdl(fixture('reco/rawreco.jdl'), options);

function inputOf(plan: Plan, stage: string, name: string): InputFile {
  const input = plan.stages.find((other) => other.name === stage)?.inputs.find((other) => other.name === name);
  if (!input) throw new Error(`${stage} has no input ${name}`);
  return input;
}

function linesOf(plan: Plan, stage: string, name: string): string[] {
  const input = inputOf(plan, stage, name);
  if (input.kind !== 'generated') throw new Error(`${name} is not generated`);
  return [...input.lines()];
}

/** Every step that a step waits for, directly or not. */
function ancestors(plan: Plan, id: string): Set<string> {
  const byId = new Map(plan.steps.map((step) => [step.id, step]));
  const found = new Set<string>();
  const visit = (other: string) => {
    for (const before of byId.get(other)?.after ?? []) {
      if (found.has(before)) continue;
      found.add(before);
      visit(before);
    }
  };
  visit(id);
  return found;
}

describe('a Monte Carlo JDL', () => {
  it('becomes the whole plan that is expected', () => {
    expect(planJson(mc())).toEqual(expected('mc/jetmc.plan.json'));
  });

  it('is read with its override, and both are sources', () => {
    expect(mc().sources).toEqual([fixture('mc/jetmc.jdl'), fixture('mc/jetmc_override.jdl')]);
    expect(mc().warnings).toEqual([]);
  });

  it('sends local input files, and scripts that ship with the workflow', () => {
    const { inputs } = mc().stages.find((stage) => stage.name === 'simQaPlots') ?? { inputs: [] };
    expect(inputs).toEqual([
      { kind: 'sent', name: 'Trigger.cfg', unpack: false, source: fixture('mc/Trigger.cfg') },
      { kind: 'sent', name: 'proxy', unpack: false, source: fixture('mc/proxy') },
      { kind: 'sent', name: 'site environment.sh', unpack: false, source: fixture('mc/site environment.sh') },
      {
        kind: 'sent',
        name: 'qa_plots.sh',
        unpack: false,
        source: expect.stringMatching(/\/makeflows\/common\/qa_plots\.sh$/),
      },
    ]);
  });

  it('has collections of what the earlier steps store', () => {
    expect(linesOf(mc(), 'simResMerge', 'residualtrees.xml')).toEqual([
      '<alien>',
      '  <collection name="alien_collection.xml">',
      ...[3, 4, 5].flatMap((index) => [
        `    <event name="${index}">`,
        `      <file turl="/data/relval/jetmc/000${index}/FilterEvents_Trees.root" type="f"/>`,
        '    </event>',
      ]),
      '  </collection>',
      '</alien>',
    ]);
    expect(linesOf(mc(), 'simQaMerge', 'finalqa.xml').join('\n')).toContain('/data/relval/jetmc/0004/QA_archive.zip');
  });

  it('has text collections, and outputs one by one, with DontArchive', () => {
    const plan = mc({ set: ['DontArchive=1'] });
    expect(linesOf(plan, 'simQaMerge', 'finalqa.txt')).toEqual([3, 4, 5].map((i) => `/data/relval/jetmc/000${i}`));
    const steps = new Map(planJson(plan).steps.map((step) => [step.id, step]));
    expect(steps.get('simQaMerge')?.arguments).toBe('finalqa.txt 5');
    expect(steps.get('simQaPlots')?.arguments.split(' ')).toHaveLength(8);
    expect(steps.get('simQaPlots')?.arguments).toContain('/data/relval/jetmc/event_stat_outer.root');
    expect(steps.get('sim0003')?.outputs).toContain('AliAOD*.root');
    expect(plan.stages[0]?.expects).toEqual(['FilterEvents_Trees.root', 'QAresults*.root']);
  });

  it('keeps everything but the inputs with SaveAll', () => {
    const plan = mc({ set: ['SaveAll=1'] });
    expect(plan.stages.every((stage) => stage.saveAll)).toBe(true);
    const steps = new Map(planJson(plan).steps.map((step) => [step.id, step]));
    const but = '!(Trigger.cfg|proxy|site environment.sh';
    expect(steps.get('sim0003')?.outputs).toEqual([`${but})`, 'core*', 'validation_report.txt']);
    expect(steps.get('simResMerge')?.outputs).toEqual([`${but}|residualtrees.xml)`]);
    expect(linesOf(plan, 'simQaMerge', 'finalqa.txt')).toHaveLength(3);
  });

  it('merges the reports of every step', () => {
    const plan = mc();
    const ids = plan.steps.map((step) => step.id).filter((id) => id !== 'mergeValidationReportsMC');
    const merge = plan.steps.at(-1);
    expect(merge?.after).toEqual(ids);
    expect(merge?.stage.inputs.filter((input) => input.kind === 'made')).toEqual(
      ids.map((step) => ({
        kind: 'made',
        name: `${step}.validation_report.txt`,
        unpack: false,
        step,
        file: 'validation_report.txt',
      })),
    );
    expect(linesOf(plan, 'mergeValidationReportsMC', 'validation_report_list.txt')).toContain(
      'sim0003.validation_report.txt\t/data/relval/jetmc/0003',
    );
    expect(merge?.stage.handsOn).toEqual(['validation_report_full.txt', 'validation_report_full.html']);
  });

  it('puts relative OutputDirs below the base, and leaves them without one', () => {
    const set = ['OutputDir=./out/#alien_counter_04i#'];
    const dirs = (plan: Plan) => planJson(plan).steps.map((step) => step.outputDir);
    expect(dirs(mc({ set, outputBase: '/base/' }))).toEqual([
      '/base/out/0003',
      '/base/out/0004',
      '/base/out/0005',
      '/base/out/SpacePointCalibrationMerge/001',
      '/base/out',
      '/base/out/QAplots_passMC',
      '/base/out',
    ]);
    expect(dirs(mc({ set: ['OutputDir=out/#alien_counter_04i#'] })).slice(3, 5)).toEqual([
      'out/SpacePointCalibrationMerge/001',
      'out',
    ]);
    expect(dirs(mc({ outputBase: '/base' }))[0]).toBe('/data/relval/jetmc/0003');
  });

  it('takes the directory above the OutputDir of the first job, with its variables', () => {
    const steps = planJson(mc({ set: ['OutputDir=/out/#alien_counter_03i#/sim'] })).steps;
    expect(steps.map((step) => step.outputDir)).toEqual([
      '/out/003/sim',
      '/out/004/sim',
      '/out/005/sim',
      '/out/003/SpacePointCalibrationMerge/001',
      '/out/003',
      '/out/003/QAplots_passMC',
      '/out/003',
    ]);
  });

  it('keeps directories with blanks, quotes and shell expressions together as words of arguments', () => {
    const plots = (OutputDir: string) =>
      planJson(mc({ set: [`OutputDir=${OutputDir}/#alien_counter#`] })).steps.find(({ id }) => id === 'simQaPlots')
        ?.arguments;
    expect(plots('/out')).toBe('/out/QA_merge_archive.zip');
    expect(plots('$HOME/out')).toBe('$HOME/out/QA_merge_archive.zip');
    expect(plots(`/my $X/it's "here"`)).toBe(`"/my $X/it's \\"here\\""/QA_merge_archive.zip`);
    const files = ['/raw $1/`x`/29000329001.root\n'];
    const directory = tmp.dirSync({ unsafeCleanup: true });
    try {
      writeFileSync(join(directory.name, 'input_files.txt'), files.join(''));
      const ppass = reco({ bins: BINS, cwd: directory.name }).stages.find(({ name }) => name === 'ppass');
      expect(ppass?.argumentsTemplate).toBe('"/raw \\$1/\\`x\\`"/#alienfilename#');
    } finally {
      directory.removeCallback();
    }
  });

  it('gives merging stages their own arguments although the JDL has Arguments', () => {
    const steps = planJson(mc({ set: ['Arguments=--uid #alien_counter#'] })).steps;
    expect(steps.map((step) => step.arguments).slice(0, 5)).toEqual([
      '--uid 3',
      '--uid 4',
      '--uid 5',
      '',
      'finalqa.xml 5',
    ]);
  });

  it('warns where jobs overwrite each other, and where a switch does nothing', () => {
    expect(mc({ set: ['OutputDir=/same/place'] }).warnings).toEqual([
      expect.stringContaining('several jobs write to /same/place'),
    ]);
    expect(mc({ set: ['DontArchive=true', 'MemorySize=big'] }).warnings).toEqual([
      expect.stringContaining('only 1 switches it on'),
      expect.stringContaining('MemorySize: "big" is not a size'),
    ]);
  });

  it('has no limit on time where the JDL does not export TTL', () => {
    const limits = (options: PlanOptions) => mc(options).stages.map((stage) => stage.resources.wallTime);
    expect(limits({})).toEqual([36000, 36000, 36000, 36000, 36000]);
    expect(limits({ set: ['JDLVariables={"Packages"}'] })).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('a reconstruction JDL', () => {
  it('becomes the whole plan that is expected', () => {
    expect(planJson(reco())).toEqual(expected('reco/rawreco.plan.json'));
  });

  it('of the example becomes 16 stages without a warning', () => {
    const example = createRequire(import.meta.url).resolve('release-validation/makeflows/examples/reco/reco.jdl');
    const plan = planJdl(example, { bins: { 'timeBins.log': ['1 0 200', '2 200 400', '3 400 600'] } });
    expect(plan.warnings).toEqual([]);
    expect(plan.stages).toHaveLength(16);
    expect(plan.steps).toHaveLength(27);
    const [, , awkward] = planJson(plan).steps;
    expect(awkward?.outputDir).toBe("output/cpass0_pass1/29000329001023.it's 103");
  });

  it('has one barrier, behind cpass0SpBins', () => {
    const plan = reco();
    expect(plan.phases).toBe(2);
    expect(plan.stages.filter((stage) => stage.phase === 0).map((stage) => stage.name)).toEqual([
      'cpass0',
      'cpass0Merge',
      'cpass0ResMerge',
      'cpass0SpBins',
    ]);
  });

  it('leaves the steps of the time bins pending until these are made', () => {
    const plan = reco({});
    expect(plan.pending).toEqual([{ stage: 'cpass0SpDistMaps', file: 'timeBins.log', madeBy: 'cpass0SpBins' }]);
    expect(plan.steps.filter((step) => step.stage.name === 'cpass0SpDistMaps')).toEqual([]);
    expect(plan.steps.find((step) => step.id === 'cpass0SpCalib')?.after).toEqual(['cpass0SpBins']);
    expect(() => linesOf(plan, 'cpass0SpCalib', 'alitpcdcalibres.txt')).toThrow('not known yet');
    const later = reco();
    expect(later.pending).toEqual([]);
    expect(later.steps.filter((step) => step.stage.phase === 0).map(({ id, after }) => ({ id, after }))).toEqual(
      plan.steps.filter((step) => step.stage.phase === 0).map(({ id, after }) => ({ id, after })),
    );
  });

  it('keeps the dependencies between the passes', () => {
    const plan = reco();
    const waitsFor = (id: string) => [...ancestors(plan, id)];
    expect(waitsFor('cpass0SpBins')).toEqual(expect.arrayContaining(['cpass0Merge', 'cpass0ResMerge', 'cpass00003']));
    expect(waitsFor('cpass10000')).toEqual(
      expect.arrayContaining(['cpass0SpCalib', 'cpass0SpDistMaps0001', 'cpass0SpBins']),
    );
    expect(waitsFor('ppass0002')).toEqual(expect.arrayContaining(['cpass1Merge', 'cpass10000']));
    expect(waitsFor('ppass0002')).not.toEqual(expect.arrayContaining(['cpass1QaMerge']));
    expect(waitsFor('mergeValidationReportsReco')).toHaveLength(plan.steps.length - 1);
  });

  it('keeps names with blanks, quotes, dollar signs and other scripts as data', () => {
    const plan = reco();
    const names = plan.steps.slice(0, 4).map((step) => step.inputFile?.split('/').at(-1));
    expect(names[2]).toBe("18000290001023.it's 103.root");
    expect(names[3]).toBe('18000290001024.$104é.root');
    expect(linesOf(plan, 'cpass1QaMerge', 'finalqa.txt')[2]).toBe(
      "root://eos.example.org//eos/relval/data/2018/LHC18z/000290001/cpass1_pass1/18000290001023.it's 103",
    );
  });

  it('escapes names in XML collections', () => {
    const input = inputOf(
      reco({ bins: BINS, set: ['OutputDir=/o/<a>&"b"/#alien_counter#'] }),
      'cpass0Merge',
      'calibobjects.xml',
    );
    const lines = input.kind === 'generated' ? [...input.lines()] : [];
    expect(lines[3]).toBe('      <file turl="/o/&lt;a&gt;&amp;&quot;b&quot;/0/CalibObjects.root" type="f"/>');
  });

  it('gives merging jobs no input file', () => {
    const merge = planJson(reco()).steps.find((step) => step.id === 'cpass1QaMerge');
    expect(merge?.inputFile).toBeNull();
    expect(merge?.environment.SOURCE).toBe('');
  });

  it('lists the distortion maps of every time bin', () => {
    const base =
      'root://eos.example.org//eos/relval/data/2018/LHC18z/000290001/cpass0_pass1/ResidualMerge/TPCSPCalibration';
    expect(linesOf(reco(), 'cpass0SpCalib', 'alitpcdcalibres.txt')).toEqual([
      `${base}/5_100_200/alitpcdcalibres.root`,
      `${base}/6_201_300/alitpcdcalibres.root`,
    ]);
  });

  it('takes calibrations of earlier stages from where they are stored, unpacked', () => {
    expect(inputOf(reco(), 'cpass1', 'OCDB_SPC.tar.bz2')).toEqual({
      kind: 'xrootd',
      name: 'OCDB_SPC.tar.bz2',
      unpack: true,
      url: 'root://eos.example.org//eos/relval/data/2018/LHC18z/000290001/cpass0_pass1/ResidualMerge/TPCSPCalibration/CorrectionMaps/OCDB_SPC.tar.bz2',
    });
    const relative = reco({ bins: BINS, set: ['OutputDir=out/cpass0_pass1/#alien_counter#'] });
    expect(inputOf(relative, 'cpass1', 'OCDB_SPC.tar.bz2')).toMatchObject({
      kind: 'worker',
      path: 'out/cpass0_pass1/ResidualMerge/TPCSPCalibration/CorrectionMaps/OCDB_SPC.tar.bz2',
    });
  });

  it('skips lines of the time bins that do not count, with a warning', () => {
    const plan = reco({ bins: { 'timeBins.log': ['', 'binning done', '1 2 3', '4 5', ' 6 7 8', '9 10 11'] } });
    expect(
      plan.steps.filter((step) => step.stage.name === 'cpass0SpDistMaps').map((step) => step.extraArguments),
    ).toEqual([
      ['1', '2', '3'],
      ['9', '10', '11'],
    ]);
    expect(plan.warnings).toEqual([
      'timeBins.log:2: the line was skipped because it does not match ^[0-9]+ [0-9]+ [0-9]+$: "binning done"',
      'timeBins.log:4: the line was skipped because it does not match ^[0-9]+ [0-9]+ [0-9]+$: "4 5"',
      'timeBins.log:5: the line was skipped because it does not match ^[0-9]+ [0-9]+ [0-9]+$: " 6 7 8"',
    ]);
  });

  it('warns where a pass would write over the one before', () => {
    const { warnings } = reco({ bins: BINS, set: ['OutputDir=/out/#alien_counter#'] });
    expect(warnings).toEqual([
      expect.stringContaining('stage cpass1 would write to the same directory as cpass0, because the OutputDir'),
      expect.stringContaining('stage ppass would write to the same directory as cpass0'),
    ]);
  });

  it('takes transfer limits from the JDL', () => {
    expect(reco().stages.every((stage) => stage.copyTimeout === 60 && stage.copyJobs === 3)).toBe(true);
    expect(mc().stages.every((stage) => stage.copyTimeout === 100 && stage.copyJobs === 15)).toBe(true);
  });
});

describe('a large plan', () => {
  it('of 100,000 jobs takes little time and memory, because steps share their stages and lists', () => {
    const start = performance.now();
    const plan = mc({ set: ['Split=production:1-100000'] });
    const elapsed = performance.now() - start;
    expect(plan.steps).toHaveLength(100_004);
    expect(plan.steps[99_999]?.id).toBe('sim100000');
    expect(elapsed).toBeLessThan(60_000);
    const [resMerge, qaMerge] = plan.steps.slice(100_000);
    expect(resMerge?.after).toBe(qaMerge?.after);
    expect(plan.steps[0]?.stage).toBe(plan.steps[99_999]?.stage);
  });
});
