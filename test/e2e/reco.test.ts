import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../validation/report/model.ts';
import { type Ended, eventsOf, GPMC, Relval, ROOT, runNames } from './relval.ts';

const RECO = join(ROOT, 'makeflows', 'examples', 'reco', 'reco.jdl');
const AWKWARD = "29000329001023.it's 103";

let relval: Relval;
let first: Ended;
let directory: string;
beforeAll(async () => {
  relval = new Relval();
  first = await relval.run('run', RECO, '--local');
  directory = (await newest()).directory;
}, 120_000);
afterAll(() => relval.remove());

async function newest(): Promise<{ id: string; status: string; directory: string }> {
  return JSON.parse((await relval.run('list', '--json')).stdout).at(-1);
}

function reportOf(run: string): Report {
  return JSON.parse(readFileSync(join(run, 'report', 'report.json'), 'utf8'));
}

/** Mean deviation of the tracks from their true places, in µm, from the log of a pass. */
function deviation(step: string): number {
  const log = readFileSync(join(directory, 'steps', step, '1', 'logs', 'rec.log'), 'utf8');
  return Number(/mean deviation (\d+) um/.exec(log)?.[1]);
}

describe('the reconstruction example on this machine', () => {
  it('passes: all 16 stages, 4 files, 3 time bins, and one barrier', () => {
    expect(first.code, first.stdout + first.stderr).toBe(0);
    const { verdict, steps, findings } = reportOf(directory);
    expect({ verdict, findings }).toEqual({ verdict: 'passed', findings: [] });
    expect(new Set(steps.map(({ stage }) => stage)).size).toBe(16);
    expect(steps).toHaveLength(27);
    expect(steps.filter(({ stage }) => stage === 'cpass0SpDistMaps')).toHaveLength(3);
    const phases = eventsOf(directory).filter((event) => event.type === 'phase-started');
    expect(phases).toHaveLength(2);
    expect(relval.processes()).toEqual([]);
  });

  it('stores everything of the file whose name has a blank and a quote', () => {
    for (const pass of ['cpass0_pass1', 'cpass1_pass1', 'pass1']) {
      expect(readdirSync(join(directory, 'output', pass, AWKWARD)), pass).toContain('rec.log');
    }
    const merged = readFileSync(join(directory, 'steps', 'cpass0Merge', '1', 'stdout.log'), 'utf8');
    expect(merged).toContain('merged 4 files into CalibObjects.root, 0 missing');
  });

  it('calibrates: what the passes leave of the deviations falls', () => {
    expect(deviation('cpass00002')).toBeGreaterThan(3000);
    expect(deviation('cpass10002')).toBeLessThan(1200);
    expect(deviation('ppass0002')).toBeLessThan(1200);
  });

  it.each([
    ['malformed', 'TIME_BIN_SECONDS=200.5', 'found first: "1 0 200.5"', 1],
    ['empty', 'TIME_BIN_TRACKS=100000', 'timeBins.log is empty', undefined],
  ])('fails where the time bins turn out %s, and shows why', async (_what, setting, message, line) => {
    const { code, stdout } = await relval.run('run', RECO, '--local', '--set', setting);
    expect(code).toBe(1);
    expect(stdout).toContain(message);
    const run = (await newest()).directory;
    const report = reportOf(run);
    expect(report.verdict).toBe('failed');
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]).toMatchObject({ step: 'cpass0SpBins', rule: 'fan-out', file: 'logs/timeBins.log' });
    expect(report.findings[0]?.line).toBe(line);
    const states = Object.fromEntries(report.steps.map(({ id, state }) => [id, state]));
    expect(states).toMatchObject({ cpass00003: 'succeeded', cpass0SpBins: 'failed', cpass10000: 'waiting' });
    expect(existsSync(join(run, 'steps', 'cpass0SpCalib'))).toBe(false);
  });

  it('starts at a stage behind the barrier with the outputs of an earlier run, which stays as it was', async () => {
    const before = readdirSync(join(directory, 'output'), { recursive: true });
    const calibration = ['--start-at', 'cpass0SpDistMaps', '--stop-at', 'cpass0SpCalib'];
    const maps = await relval.run('run', RECO, '--local', ...calibration, '--from', directory);
    expect(maps.code, maps.stdout + maps.stderr).toBe(0);
    const partial = (await newest()).directory;
    expect(reportOf(partial).steps.map(({ id }) => id)).toEqual([
      'cpass0SpDistMaps0000',
      'cpass0SpDistMaps0001',
      'cpass0SpDistMaps0002',
      'cpass0SpCalib',
    ]);
    // what the first run stored came along with what the second did
    const pass = await relval.run('run', RECO, '--local', '--only', 'cpass10002', '--from', 'last');
    expect(pass.code, pass.stdout + pass.stderr).toBe(0);
    const { directory: last } = await newest();
    expect(readdirSync(join(last, 'output', 'cpass1_pass1', AWKWARD))).toContain('CalibObjects.root');
    expect(reportOf(last).provenance['earlier stages']).toBe(partial);
    expect(readdirSync(join(directory, 'output'), { recursive: true })).toEqual(before);
  });

  it('refuses to start at a stage whose inputs nobody has stored, before anything runs', async () => {
    const runs = runNames(relval.runs);
    const out = join(relval.dir, 'out');
    const refused = async (...args: string[]): Promise<string> => {
      const { code, stderr } = await relval.run('run', ...args, '--local');
      expect(code, stderr).toBe(2);
      expect(runNames(relval.runs)).toEqual(runs);
      return stderr;
    };
    expect(await refused(RECO, '--start-at', 'cpass1')).toContain('--from RUN');
    expect(await refused(RECO, '--start-at', 'cpass0SpDistMaps')).toContain('timeBins.log');
    expect(await refused(RECO, '--from', 'last')).toContain('--start-at');
    const absolute = ['--set', `OutputDir=${out}/#alien_counter_04i#`];
    const stderr = await refused(GPMC, '--start-at', 'simQaMerge', ...absolute);
    for (const job of [1, 2, 3, 4, 5]) expect(stderr).toContain(`sim000${job}: ${out}/000${job}/QAresults*.root`);
    expect(existsSync(out)).toBe(false);
  });

  it('stops at a stage, and goes on from there where the OutputDir is absolute', async () => {
    const absolute = [
      '--set',
      `OutputDir=${relval.dir}/gpmc out/#alien_counter_04i#`,
      '--set',
      'RELVAL_DEMO_SECONDS=0',
    ];
    const sim = await relval.run('run', GPMC, '--local', '--stop-at', 'simResMerge', ...absolute);
    expect(sim.code, sim.stdout + sim.stderr).toBe(0);
    const qa = ['--start-at', 'simQaMerge', '--stop-at', 'simQaPlots'];
    const rest = await relval.run('run', GPMC, '--local', ...qa, ...absolute);
    expect(rest.code, rest.stdout + rest.stderr).toBe(0);
    expect(reportOf((await newest()).directory).steps.map(({ id }) => id)).toEqual(['simQaMerge', 'simQaPlots']);
    expect(readdirSync(join(relval.dir, 'gpmc out', 'QAplots_passMC', 'qa_plots'))).toContain('summary.txt');
  });
});
