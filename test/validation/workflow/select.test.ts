import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { WorkflowError } from '../../../validation/workflow/errors.ts';
import type { Plan } from '../../../validation/workflow/plan.ts';
import { type PlanOptions, planJdl } from '../../../validation/workflow/planner.ts';

const fixture = (path: string) => fileURLToPath(new URL(`../../fixtures/jdl/${path}`, import.meta.url));
const mc = (options: PlanOptions) => planJdl(fixture('mc/jetmc.jdl'), options);
const reco = (options: PlanOptions) => planJdl(fixture('reco/rawreco.jdl'), options);
const bins = { 'timeBins.log': ['1 2 3'] };
const ids = (plan: Plan) => plan.steps.map((step) => step.id);

describe('a part of a workflow', () => {
  it('begins at a stage, those listed before it being taken as done', () => {
    const plan = mc({ startAt: 'simQaMerge' });
    expect(ids(plan)).toEqual(['simQaMerge', 'simQaPlots', 'mergeValidationReportsMC']);
    expect(plan.steps.map((step) => step.after)).toEqual([[], ['simQaMerge'], ['simQaMerge', 'simQaPlots']]);
    expect(plan.stages.map((stage) => stage.after)).toEqual([[], ['simQaMerge'], ['simQaMerge', 'simQaPlots']]);
    expect(plan.needs?.map(({ step, directory, file }) => `${step} ${directory}/${file}`)).toEqual([
      ...[3, 4, 5].flatMap((i) =>
        ['FilterEvents_Trees.root', 'QA_archive.zip'].map((file) => `sim000${i} /data/relval/jetmc/000${i}/${file}`),
      ),
      ...[3, 4, 5].map((i) => `sim000${i} /data/relval/jetmc/000${i}/validation_report.txt`),
      'simResMerge /data/relval/jetmc/SpacePointCalibrationMerge/001/validation_report.txt',
    ]);
  });

  it('takes the reports of earlier steps from where they were stored', () => {
    const inputs = mc({ startAt: 'simQaPlots' })
      .steps.at(-1)
      ?.stage.inputs.filter((input) => input.name.endsWith('report.txt'));
    expect(inputs?.map((input) => [input.name, input.kind])).toEqual([
      ['sim0003.validation_report.txt', 'worker'],
      ['sim0004.validation_report.txt', 'worker'],
      ['sim0005.validation_report.txt', 'worker'],
      ['simResMerge.validation_report.txt', 'worker'],
      ['simQaMerge.validation_report.txt', 'worker'],
      ['simQaPlots.validation_report.txt', 'made'],
    ]);
    expect(inputs?.[0]).toMatchObject({ path: '/data/relval/jetmc/0003/validation_report.txt' });
  });

  it('ends at a stage', () => {
    expect(ids(mc({ stopAt: 'simResMerge' }))).toEqual(['sim0003', 'sim0004', 'sim0005', 'simResMerge']);
    expect(ids(mc({ startAt: 'simQaMerge', stopAt: 'simQaMerge' }))).toEqual(['simQaMerge']);
    expect(reco({ stopAt: 'cpass0SpBins' })).toMatchObject({ phases: 1, pending: [] });
  });

  it('expects of a stage that no other stage of the run reads only what the JDL stores', () => {
    const expected = (stopAt: string, output: string) =>
      mc({ stopAt, set: [`Output={ ${output} }`] }).stages[0]?.expects;
    expect(expected('sim', '"res.root"')).toEqual([]);
    expect(expected('sim', '"QA_archive.zip:*.root"')).toEqual(['FilterEvents_Trees.root', 'QA_archive.zip']);
    expect(expected('simResMerge', '"res.root"')).toEqual(['FilterEvents_Trees.root', 'QA_archive.zip']);
  });

  it("takes the lists of the built-in workflows' archives for wishes, and those of the JDL for what must be there", () => {
    const optional = mc({}).stages.filter((stage) => stage.optionalMembers);
    expect(optional.map(({ name }) => name)).toContain('simResMerge');
    expect(optional.map(({ name }) => name)).not.toContain('sim');
  });

  it('is one step', () => {
    const plan = mc({ only: 'sim0004' });
    expect(plan.steps.map(({ id, after }) => ({ id, after }))).toEqual([{ id: 'sim0004', after: [] }]);
    const merge = mc({ only: 'simQaMerge' });
    expect(ids(merge)).toEqual(['simQaMerge']);
    expect(new Set(merge.needs?.map(({ step }) => step))).toEqual(new Set(['sim0003', 'sim0004', 'sim0005']));
    expect(mc({}).needs).toBeUndefined();
  });

  it('behind the barrier is one makeflow run', () => {
    const plan = reco({ startAt: 'cpass1' });
    expect(plan.phases).toBe(1);
    expect(new Set(plan.stages.map((stage) => stage.phase))).toEqual(new Set([0]));
    expect(plan.pending).toEqual([]);
  });

  it('needs what the stages before it are expected to leave, and what its inputs name', () => {
    const needs = (options: PlanOptions) =>
      reco(options).needs?.map(({ directory, file }) => `${directory.split('cpass0_pass1').at(-1)}/${file}`);
    expect(needs({ startAt: 'cpass1', stopAt: 'cpass1' })).toEqual([
      '/ResidualMerge/TPCSPCalibration/CorrectionMaps/OCDB_SPC.tar.bz2',
    ]);
    // timeBins.log is given, so that it need not be stored
    expect(needs({ startAt: 'cpass0SpDistMaps', stopAt: 'cpass0SpDistMaps', bins })).toEqual([
      '/ResidualMerge/TPCSPCalibration/alitpcdcalibres.root',
      '/OCDB/OCDB.tar.bz2',
    ]);
    const qa = reco({ only: 'cpass1QaMerge' }).needs ?? [];
    expect(qa.filter(({ step }) => step === 'cpass10002').map(({ file }) => file)).toEqual([
      'CalibObjects.root',
      'ResidualTrees.root',
      'QAresults*.root',
    ]);
    expect(needs({ startAt: 'mergeValidationReportsReco', bins })).toHaveLength(24);
  });

  it('may find in an archive what it needs', () => {
    const archives = mc({ startAt: 'simQaPlots' }).needs?.map(({ file, archives }) => [file, archives]);
    expect(archives?.[0]).toEqual(['QA_merge_archive.zip', []]);
    const [bins] = reco({ only: 'cpass0Merge', set: ['DontArchive=0'] }).needs ?? [];
    expect(bins).toMatchObject({ step: 'cpass00000', file: 'CalibObjects.root', archives: ['root_archive.zip'] });
  });

  it('needs the time bins where their stage is run, or its files are used, without the stage that makes them', () => {
    expect(() => reco({ startAt: 'cpass0SpDistMaps' })).toThrow(
      'one step for each line of timeBins.log, which cpass0SpBins makes',
    );
    expect(() => reco({ startAt: 'cpass0SpCalib' })).toThrow('not known without the file timeBins.log');
    expect(ids(reco({ startAt: 'cpass0SpCalib', bins }))[0]).toBe('cpass0SpCalib');
    expect(ids(reco({ only: 'cpass0SpDistMaps0000', bins }))).toEqual(['cpass0SpDistMaps0000']);
  });

  it.each([
    [
      { startAt: 'cpass0' },
      "this workflow has no stage 'cpass0'. Its stages are sim, simResMerge, simQaMerge, simQaPlots, mergeValidationReportsMC",
    ],
    [{ stopAt: 'nowhere' }, "this workflow has no stage 'nowhere'"],
    [
      { startAt: 'simQaPlots', stopAt: 'sim' },
      'the run cannot stop at sim, because that stage comes before the first one, simQaPlots',
    ],
    [
      { only: 'sim0009' },
      "this workflow has no step 'sim0009'. Its steps are sim0003 to sim0005, simResMerge, simQaMerge",
    ],
    [{ only: 'sim0004', startAt: 'sim' }, 'name either one step, or the first and last stage, but not both'],
  ])('%o is refused with what there is', (options, expected) => {
    expect(() => mc(options)).toThrow(WorkflowError);
    expect(() => mc(options)).toThrow(expected);
  });
});
