import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const makeflows = dirname(
  createRequire(import.meta.url).resolve('release-validation/makeflows/mc/workflow.yaml'),
).replace(/\/mc$/, '');
const MERGE = join(makeflows, 'common/merge_validation_reports.sh');
const PLOTS = join(makeflows, 'common/qa_plots.sh');
const TRAIN = join(makeflows, 'mc/aliprod_train_merge.sh');
const BINS = join(makeflows, 'reco/fetch_timeBins_run.sh');
const CALIB = join(makeflows, 'reco/cpass0SpCalib_fallback.sh');

let directory: tmp.DirResult;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => directory.removeCallback());

function write(name: string, text: string, mode = 0o644): string {
  const path = join(directory.name, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const read = (name: string) => readFileSync(join(directory.name, name), 'utf8');

/** Runs a script in the temporary directory; programs in its `bin` come first in PATH. */
function run(script: string, words: string[], environment: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', script, ...words], {
    cwd: directory.name,
    encoding: 'utf8',
    env: { PATH: `${directory.name}/bin:${process.env.PATH}`, LC_ALL: 'C', ...environment },
  });
  return { status, stdout, stderr };
}

describe('merge_validation_reports.sh', () => {
  it('merges reports with the places of their files, sorted, and leaves no other file', () => {
    write('a.validation_report.txt', 'sim.log:12:E-ProcessOutput: bad\nsim.log:3:Killed: by: kernel\n');
    write('b.validation_report.txt', 'core.17:0:core dumped');
    write('c.validation_report.txt', '');
    write(
      'list',
      'a.validation_report.txt\troot://h:1094//x y/0001\nb.validation_report.txt\t/z\nc.validation_report.txt\t/c\n',
    );
    expect(run(MERGE, ['list'])).toMatchObject({ status: 0, stdout: '3 findings in 3 reports\n', stderr: '' });
    expect(read('validation_report_full.txt')).toBe(
      '/z/core.17:0:core dumped\nroot://h:1094//x y/0001/sim.log:3:Killed: by: kernel\nroot://h:1094//x y/0001/sim.log:12:E-ProcessOutput: bad\n',
    );
    expect(readdirSync(directory.name).filter((name) => name.startsWith('validation_report'))).toEqual([
      'validation_report_full.html',
      'validation_report_full.txt',
    ]);
  });

  it('makes an empty text and a page that says so where nothing was found', () => {
    write('a', '');
    write('list', 'a\t/o\n');
    expect(run(MERGE, ['list']).status).toBe(0);
    expect(read('validation_report_full.txt')).toBe('');
    expect(read('validation_report_full.html')).toContain('No known error was found.');
  });

  it('escapes what was found, and links to where it is shown', () => {
    write('a', 'x.log:1:<script>alert("1")</script> & \\1 \\& more\n');
    write('list', 'a\t/out/run/sim\n');
    run(MERGE, ['list'], { ALIEN_JDL_OUTPUTDIR: '/out/run', RELVAL_DISPLAY_URL: 'https://x.example.org/run?a&b' });
    const page = read('validation_report_full.html');
    expect(page).toContain('<td><a href="https://x.example.org/run?a&amp;b/sim/x.log">sim/x.log</a></td><td>1</td>');
    expect(page).toContain('&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; \\1 \\&amp; more');
    expect(page).not.toContain('<script');
  });

  it('tells of a step without a report, and of lines that are none', () => {
    write('a', 'no position here\n');
    write('list', 'a\t/o\nmissing\t/m\n');
    run(MERGE, ['list']);
    expect(read('validation_report_full.txt')).toBe(
      '/m/validation_report.txt:0:the step left no validation report\n/o/no position here:0:no position here\n',
    );
  });

  it('needs a list', () => {
    expect(run(MERGE, []).status).not.toBe(0);
    expect(run(MERGE, ['nothing'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('cannot read the list'),
    });
  });
});

describe('fetch_timeBins_run.sh', () => {
  it('runs the script of the release with its arguments', () => {
    write('dpg/DataProc/proc.sh', 'printf "%s|" "$@"; echo "1 2 3" >timeBins.log\n');
    const result = run(BINS, ['proc.sh', 'a.xml', '0001 2'], {
      ALIDPG_ROOT: join(directory.name, 'dpg'),
      ALIEN_JDL_OUTPUTDIR: '/nowhere',
    });
    expect(result).toMatchObject({ status: 0, stdout: 'a.xml|0001 2|' });
    expect(read('timeBins.log')).toBe('1 2 3\n');
  });

  it('takes the bins of an earlier run', () => {
    write('old/timeBins.log', '7 8 9\n');
    expect(run(BINS, ['proc.sh'], { ALIEN_JDL_OUTPUTDIR: join(directory.name, 'old') })).toMatchObject({ status: 0 });
    expect(read('timeBins.log')).toBe('7 8 9\n');
  });

  it('fails where there is no such script, and as the script fails', () => {
    expect(run(BINS, ['proc.sh'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('proc.sh is not in PATH'),
    });
    write('proc.sh', 'exit 7\n');
    expect(run(BINS, ['proc.sh']).status).toBe(7);
  });
});

describe('cpass0SpCalib_fallback.sh', () => {
  const script =
    'echo run >>runs; [[ -e enough ]] || { echo "E-ProcessOutput: too few tracks" >ocdb.log; : >enough; exit 3; }; echo fine >ocdb.log; cat alitpcdcalibres.txt\n';

  it('runs the script once where the statistics are enough', () => {
    write('bin/calib.sh', 'echo fine >ocdb.log; exit 4\n', 0o755);
    expect(run(CALIB, ['calib.sh'])).toMatchObject({ status: 4 });
    expect(existsSync(join(directory.name, 'ocdb.log.old'))).toBe(false);
  });

  it('runs it again with other maps where they are too few', () => {
    write('bin/calib.sh', `#!/bin/bash\n${script}`, 0o755);
    write('alitpcdcalibres.txt', 'own\n');
    const list = write('other maps.txt', 'other\n');
    expect(run(CALIB, ['calib.sh'], { ALITPCDCALIBRES_LIST: list })).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/other\n$/),
    });
    expect(read('runs')).toBe('run\nrun\n');
    expect(read('ocdb.log.old')).toContain('E-ProcessOutput');
  });

  it('fails where there are no other maps', () => {
    write('bin/calib.sh', `#!/bin/bash\n${script}`, 0o755);
    expect(run(CALIB, ['calib.sh'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('ALITPCDCALIBRES_LIST'),
    });
  });
});

describe('aliprod_train_merge.sh', () => {
  beforeEach(() =>
    write(
      'bin/aliroot',
      '#!/bin/bash\nprintf "[%s]" "$@"; echo "run $CONFIG_RUN ocdb $CONFIG_OCDB"; [[ ! -e broken ]]\n',
      0o755,
    ),
  );

  it('runs the macro of the working directory, else that of AliDPG', () => {
    write('dpg/QA/QAtrainsim.C', '');
    const environment = { ALIDPG_ROOT: join(directory.name, 'dpg'), ALIEN_JDL_LPMRUNNUMBER: '280001' };
    expect(run(TRAIN, ['finalqa.txt', '5'], environment).stdout).toContain(
      `[-b][-q][-x][${directory.name}/dpg/QA/QAtrainsim.C(0,"finalqa.txt",5)]run 280001 ocdb alien`,
    );
    write('QAtrainsim.C', '');
    expect(run(TRAIN, ['finalqa.txt', '5'], environment).stdout).toContain('[QAtrainsim.C(280001,"finalqa.txt",5)]');
    write('train_merge.C', '');
    expect(run(TRAIN, ['finalqa.txt', '5'], { ...environment, CONFIG_OCDB: 'cvmfs' }).stdout).toContain(
      '[train_merge.C("finalqa.txt",5)]run 280001 ocdb cvmfs',
    );
  });

  it('leaves a message where the macro fails or is missing', () => {
    expect(run(TRAIN, ['l', '5']).status).toBe(1);
    expect(read('validation_error.message')).toContain('no train_merge.C');
    write('train_merge.C', '');
    write('broken', '');
    expect(run(TRAIN, ['l', '5']).status).toBe(1);
    expect(read('validation_error.message')).toContain('ended with exit status 1');
  });
});

describe('qa_plots.sh', () => {
  const environment = () => ({
    ALICE_PHYSICS: join(directory.name, 'physics'),
    ALIEN_JDL_LPMRUNNUMBER: '280001',
    ALIEN_JDL_LPMPRODUCTIONTAG: 'LHC19x1',
    ALIEN_JDL_OUTPUTDIR: '/out/QAplots_CPass1',
  });
  const place = (detector: string) => `qa_plots/${detector}/2019/LHC19x1/cpass1/000280001`;

  beforeEach(() => {
    write('bin/root', '#!/bin/bash\nprintf "[%s]" "$@"; : >trending.root\n', 0o755);
    const scripts = 'physics/PWGPP/QA/detectorQAscripts';
    write(
      `${scripts}/TPC.sh`,
      'runLevelQA() { echo "$1 $runNumber $ocdbStorage"; : >trending.root; : >tpc.png; }\nrunLevelEventStatQA() { false; }\n',
    );
    write(`${scripts}/ITS.sh`, 'runLevelHighPtTreeQA() { basename "$1" >its.txt; }\n');
  });

  it('calls the functions of every detector for the files that are there', () => {
    for (const name of ['QAresults_merged.root', 'FilterEvents_Trees.root', 'event_stat.root'])
      write(`in dir/${name}`, '');
    const files = ['QAresults.root', 'QAresults_merged.root', 'FilterEvents_Trees.root', 'event_stat.root'].map(
      (name) => join(directory.name, 'in dir', name),
    );
    const result = run(PLOTS, files, environment());
    expect(result.status).toBe(0);
    expect(result.stdout).toContain(`not there: ${files[0]}`);
    expect(result.stdout).toContain('TPC: runLevelEventStatQA failed with exit status 1');
    expect(read(`${place('TPC')}/runLevelQA.log`)).toBe(`${directory.name}/QAresults_merged.root 280001 raw://\n`);
    expect(existsSync(join(directory.name, place('TPC'), 'tpc.png'))).toBe(true);
    expect(read(`${place('ITS')}/its.txt`)).toBe('FilterEvents_Trees.root\n');
    expect(read(`${place('ITS')}/simpleTrending.log`)).toContain('simpleTrending.C("');
  });

  it('unpacks archives, and knows which detectors are wanted', () => {
    write('QAresults.root', '');
    execFileSync('zip', ['-q', 'QA_merge_archive.zip', 'QAresults.root'], { cwd: directory.name });
    const archive = join(directory.name, 'QA_merge_archive.zip');
    expect(run(PLOTS, [archive], { ...environment(), ALIEN_JDL_QADETECTOREXCLUDE: 'ITS ACO' }).status).toBe(0);
    expect(readdirSync(join(directory.name, 'qa_plots'))).toEqual(['TPC']);
  });

  it.each([
    [{ ALICE_PHYSICS: '' }, 'ALICE_PHYSICS is not set'],
    [{ ALIEN_JDL_LPMRUNNUMBER: 'x' }, 'run number'],
    [{ ALIEN_JDL_OUTPUTDIR: '/out' }, 'no QAplots_PASS'],
    [{ ALIEN_JDL_LPMPRODUCTIONTAG: 'X' }, 'does not begin with LHC'],
    [{}, 'none of the input files is there'],
  ])('tells what is wrong with %o', (wrong, expected) => {
    const { status, stderr } = run(PLOTS, ['/nothing/QAresults.root'], { ...environment(), ...wrong });
    expect(status).not.toBe(0);
    expect(stderr).toContain(expected);
  });
});

describe('every script that ships with a workflow', () => {
  const scripts = [MERGE, PLOTS, TRAIN, BINS, CALIB];

  it.each(scripts)('%s passes shellcheck, can be executed and has nothing newer than bash 4.1', (script) => {
    expect(spawnSync('shellcheck', [script], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '' });
    expect(spawnSync('test', ['-x', script]).status).toBe(0);
    const newer =
      /\b(declare|local|typeset) -\w*n\b|\bwait -n\b|-v [A-Za-z_]\w*\b *\]\]|@[QEPAKa]\}|\bmapfile -d|\breadarray\b.*-d|printf .*%\(|\$\{\w+\[-\d+\]\}|;;&|\bgrep -\w*P/;
    expect(
      readFileSync(script, 'utf8')
        .split('\n')
        .filter((line) => newer.test(line)),
    ).toEqual([]);
  });
});
