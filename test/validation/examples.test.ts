import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRules } from '../../validation/checks/rules.ts';
import { scanStepLogs } from '../../validation/checks/step-logs.ts';

const example = dirname(createRequire(import.meta.url).resolve('release-validation/makeflows/examples/gpmc/gpmc.jdl'));
const root = mkdtempSync(join(tmpdir(), 'relval-gpmc-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const ENVIRONMENT = {
  ALIEN_JDL_LPMPRODUCTIONTYPE: 'MC',
  ALIEN_JDL_LPMRUNNUMBER: '329001',
  RELVAL_DEMO_FAIL: '3',
  RELVAL_DEMO_SECONDS: '0',
};

/** Runs a payload as a step does: in a directory with the example's files, after its environment command. */
function run(
  name: string,
  payload: string,
  args: string[],
  environment: Record<string, string> = {},
  prepare = (_: string) => {},
) {
  const directory = join(root, name);
  cpSync(example, directory, { recursive: true });
  prepare(directory);
  const { status, stdout, stderr } = spawnSync(
    'bash',
    ['-c', 'source local_environment.sh; exec "./$0" "$@"', payload, ...args],
    {
      cwd: directory,
      env: { PATH: process.env.PATH ?? '', ...ENVIRONMENT, ...environment },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  writeFileSync(join(directory, 'stdout.log'), stdout);
  const read = (file: string): string => readFileSync(join(directory, file), 'utf8');
  return { status, stdout, stderr, directory, read };
}

function simulate(
  name: string,
  uid: number,
  options: string[] = [],
  environment: Record<string, string> = {},
  prepare = (_: string) => {},
) {
  const own =
    `--run 329001 --mode full --uid ${uid} --nevents 8 --generator Pythia8_Monash2013 --trigger Trigger.cfg`.split(' ');
  const args = [...own, '--ocdb', 'conditions.txt', '--seed', `1000${uid}`, ...options];
  return run(name, 'aliroot_dpgsim.sh', args, environment, prepare);
}

const histogram = (text: string, name: string): number[] =>
  (new RegExp(`^histogram ${name} \\S+ \\S+ \\S+ (.*)$`, 'm').exec(text)?.[1] ?? '').split(' ').map(Number);
const count = (text: string, name: string): number => Number(new RegExp(`^count ${name} (\\d+)$`, 'm').exec(text)?.[1]);
const sum = (numbers: number[]): number => numbers.reduce((total, n) => total + n, 0);

describe('the general-purpose Monte Carlo example', () => {
  const jobs = new Map<number, ReturnType<typeof simulate>>();
  beforeAll(() => {
    for (const uid of [1, 2, 3]) jobs.set(uid, simulate(`000${uid}`, uid));
  });
  const job = (uid: number) => jobs.get(uid) as ReturnType<typeof simulate>;
  const directories = () => [1, 2, 3].map((uid) => join(root, `000${uid}`));

  it('simulates as many events as asked for, and leaves the logs and files of a real job', () => {
    const { status, stdout, stderr, read, directory } = job(1);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('* run 329001, job 1, 8 events of Pythia8_Monash2013, seed 10001');
    expect(read('galice.root').match(/^entry event /gm)).toHaveLength(8);
    expect(count(read('event_stat.root'), 'events')).toBe(8);
    expect(sum(histogram(read('QAresults.root'), 'multiplicity'))).toBe(8);
    const files = readdirSync(directory);
    expect(files).toEqual(
      expect.arrayContaining(['sim', 'rec', 'tag', 'check', 'qa', 'aod'].map((name) => `${name}.log`)),
    );
    for (const name of files.filter((file) => file.endsWith('.root'))) {
      const isRoot = ['QAresults.root', 'AODQA.root', 'PtResHistograms.root', 'event_stat.root'].includes(name);
      expect(read(name), name).toMatch(
        isRoot ? /^root\0/ : /^# Stand-in for a ROOT file: plain text, written by standin_/,
      );
    }
  });

  it('gives the same files for the same seed, and others for another', () => {
    const again = simulate('again', 1);
    const other = simulate('other', 1, ['--seed', '77']);
    const files = readdirSync(again.directory).filter((name) => name.endsWith('.root'));
    expect(files.length).toBeGreaterThan(10);
    for (const name of files) expect(again.read(name), name).toBe(job(1).read(name));
    expect(other.read('Kinematics.root')).not.toBe(job(1).read('Kinematics.root'));
  });

  it('crashes in the job that is asked for, as a real one would', async () => {
    const { status, stdout, directory } = job(3);
    expect(status).toBe(139);
    expect(stdout).toContain('E-dpgsim: rec ended with exit status 139, see rec.log');
    expect(existsSync(join(directory, 'QAresults.root'))).toBe(false);
    const logs = { step: 'sim0003', stage: 'sim', attempt: 1, directory, files: ['stdout.log', 'rec.log'] };
    const found = await scanStepLogs(logs, loadRules().logs, { now: 0 });
    expect(found).toContainEqual(
      expect.objectContaining({
        ...{ rule: 'segmentation-violation', file: 'rec.log', message: ' *** Break *** Segmentation violation' },
      }),
    );
  });

  it('leaves nothing in the logs of a good job that is a known error', async () => {
    const { directory } = job(1);
    const files = readdirSync(directory).filter((name) => name.endsWith('.log'));
    const logs = { step: 'sim0001', stage: 'sim', attempt: 1, directory, files };
    expect(await scanStepLogs(logs, loadRules().logs, { now: 0 })).toEqual([]);
  });

  it.each<[string, string[], Record<string, string>, (directory: string) => void, string]>([
    [
      'environment',
      [],
      {},
      (d) => writeFileSync(join(d, 'local_environment.sh'), ''),
      'F-dpgsim: environment not loaded: ALIPHYSICS_STANDIN_RELEASE is unset',
    ],
    [
      'trigger menu',
      ['--trigger', 'None.cfg'],
      {},
      () => {},
      "F-dpgsim: trigger configuration 'None.cfg' cannot be read (--trigger)",
    ],
    ['conditions', ['--ocdb', ''], {}, () => {}, "F-dpgsim: conditions '' cannot be read (--ocdb)"],
    ['run', ['--run', '5'], {}, () => {}, "F-dpgsim: --run 5, but ALIEN_JDL_LPMRUNNUMBER is '329001'"],
    [
      'production type',
      [],
      { ALIEN_JDL_LPMPRODUCTIONTYPE: '' },
      () => {},
      "F-dpgsim: ALIEN_JDL_LPMPRODUCTIONTYPE is '', not MC",
    ],
    ['number', ['--nevents', 'many'], {}, () => {}, "F-dpgsim: option --nevents needs a whole number, not 'many'"],
    ['option', ['--what', '1'], {}, () => {}, 'F-dpgsim: unknown option --what'],
    ['generator', ['--generator', 'Dice'], {}, () => {}, 'F-Simulation: unknown generator Dice'],
    [
      'menu',
      [],
      {},
      (d) => writeFileSync(join(d, 'Trigger.cfg'), 'class A 0XYZ\n'),
      'F-Simulation: Trigger.cfg:1: input 0XYZ is not defined above',
    ],
  ])('fails with a clear line when something is wrong: %s', (name, options, environment, prepare, line) => {
    const { status, stdout } = simulate(`bad ${name}`, 1, options, environment, prepare);
    expect(status).toBe(1);
    expect(stdout).toContain(line);
  });

  it('merges trees of a collection, and goes on without those that are missing', () => {
    const events = directories().map(
      (d, i) => `<event name="${i + 1}"><file turl="${d}/FilterEvents_Trees.root" type="f"/></event>`,
    );
    const { status, stdout, read } = run(
      'merge',
      'merge.sh',
      [],
      { ALIEN_JDL_INPUTXML: 'trees.xml', ALIEN_JDL_LPMCOLLECTIONENTITY: 'FilterEvents_Trees.root' },
      (d) => writeFileSync(join(d, 'trees.xml'), `<alien><collection name="x">${events.join('')}</collection></alien>`),
    );
    expect(status).toBe(0);
    expect(stdout).toContain(`W-Merge: input missing: ${root}/0003/FilterEvents_Trees.root`);
    expect(stdout).toContain('I-Merge: merged 2 files into FilterEvents_Trees.root, 1 missing');
    const entries = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('entry '));
    const each = [1, 2].flatMap((uid) => entries(job(uid).read('FilterEvents_Trees.root')));
    expect(each.length).toBeGreaterThan(0);
    expect(entries(read('FilterEvents_Trees.root'))).toEqual(each);
  });

  it.each(['directories', 'archives'])('merges quality assurance from %s by adding it up, and plots it', (kind) => {
    const list = kind === 'archives' ? 'finalqa.xml' : 'finalqa.txt';
    const prepare = (d: string) => {
      if (kind === 'directories')
        return writeFileSync(
          join(d, list),
          directories()
            .map((one) => `${one}\n`)
            .join(''),
        );
      const archives = directories().map((one) => {
        spawnSync('zip', ['-q', 'QA_archive.zip', 'QAresults.root', 'event_stat.root', 'trending.root'], { cwd: one });
        return `<file turl="${one}/QA_archive.zip"/>`;
      });
      writeFileSync(join(d, list), archives.join('\n'));
    };
    const { status, stdout, read, directory } = run(`qa ${kind}`, 'aliprod_train_merge.sh', [list, '5'], {}, prepare);
    expect(status).toBe(0);
    expect(stdout).toMatch(/W-TrainMerge: input missing: QAresults\.root of .*0003/);
    expect(stdout).toContain('I-TrainMerge: merged 2 files into QAresults.root, 1 missing');
    expect(count(read('event_stat.root'), 'events')).toBe(16);
    const pt = [1, 2].map((uid) => histogram(job(uid).read('QAresults.root'), 'pt'));
    expect(histogram(read('QAresults.root'), 'pt')).toEqual(pt[0]?.map((n, bin) => n + (pt[1]?.[bin] ?? Number.NaN)));

    const merged = ['QAresults.root', 'QAresults_outer.root'].map((name) => join(directory, name));
    const plots = run(`plots ${kind}`, 'qa_plots.sh', merged);
    expect(plots.status).toBe(0);
    expect(plots.stdout).toContain('I-QaPlots: not there: ');
    expect(readdirSync(join(plots.directory, 'qa_plots')).sort()).toEqual([
      ...['eta', 'multiplicity', 'phi', 'pt', 'pt_resolution', 'vertex_z'].map((name) => `QAresults_${name}.svg`),
      'summary.txt',
    ]);
    expect(plots.read('qa_plots/QAresults_pt.svg').match(/<rect /g)).toHaveLength(41);
    const efficiency = Number(/^efficiency (.*)$/m.exec(plots.read('qa_plots/summary.txt'))?.[1]);
    expect(efficiency).toBeGreaterThan(0.75);
    expect(efficiency).toBeLessThan(1);
  });

  it('is known by its error when there is nothing to merge at all', async () => {
    const { status, directory } = run('nothing', 'aliprod_train_merge.sh', ['finalqa.txt', '5'], {}, (d) =>
      writeFileSync(join(d, 'finalqa.txt'), `${root}/0003\n`),
    );
    expect(status).toBe(1);
    const logs = { step: 'simQaMerge', stage: 'simQaMerge', attempt: 1, directory, files: ['stdout.log'] };
    const found = await scanStepLogs(logs, loadRules().logs, { now: 0 });
    expect(found.map((one) => one.rule)).toEqual(['merged-nothing', 'merged-nothing', 'merged-nothing']);
  });

  it('fails plotting when there is nothing to plot', () => {
    const { status, stdout } = run('no plots', 'qa_plots.sh', [join(root, 'none', 'QAresults.root')]);
    expect(status).toBe(1);
    expect(stdout).toContain('F-QaPlots: none of the 1 files is there: nothing to plot');
  });
});
