// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are bash's
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STEP_EXIT } from '../../../validation/step/result.ts';
import type { InputFile } from '../../../validation/workflow/plan.ts';
import { until } from './live-step.ts';
import { runStep, Scratch } from './sandbox.ts';

let scratch: Scratch;
let out: string;
beforeEach(() => {
  scratch = new Scratch();
  out = join(scratch.path, 'out');
});
afterEach(() => scratch.remove());

const AWKWARD = `a b "c" 'd' $HOME [1] ; & é`;

function files(directory: string): string[] {
  return readdirSync(directory, { recursive: true }).map(String).sort();
}

/** Names in a zip file, and the compression method of each. */
function zipped(path: string): Record<string, string> {
  const lines = execFileSync('unzip', ['-Z', path], { encoding: 'latin1' }).split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, method = '', name = ''] = /^-\S+\s+\S+ \S+\s+\d+ \S+ (\S+) \S+ \S+ (.*)$/.exec(line) ?? [];
      return name ? [[name, method.startsWith('stor') ? 'stored' : 'deflated']] : [];
    }),
  );
}

describe('inputs', () => {
  it('stand in the directory of the payload under their own names, whatever these are', async () => {
    mkdirSync(join(scratch.path, 'worker'));
    writeFileSync(join(scratch.path, 'worker', AWKWARD), 'from the worker');
    const inputs: InputFile[] = [
      { kind: 'sent', name: `sent ${AWKWARD}`, unpack: false, source: scratch.file('sent', 'sent along') },
      { kind: 'generated', name: 'list.xml', unpack: false, lines: () => ['one', 'two'] },
      { kind: 'worker', name: AWKWARD, unpack: false, path: join(scratch.path, 'worker', AWKWARD) },
    ];
    const run = await runStep(scratch, 'for f in *; do echo "$f: $(head -c 20 "$f" | tr "\\n" ,)"; done', {
      stage: { inputs },
    });
    expect(run.stdout).toContain(`\nsent ${AWKWARD}: sent along\n`);
    expect(run.stdout).toContain(`\n${AWKWARD}: from the worker\n`);
    expect(run.stdout).toContain('\nlist.xml: one,two,\n');
    expect(run.result.inputBytes).toBeGreaterThan(32);
  });

  it('are copies: what the payload does to them stays with it', async () => {
    const source = scratch.file('shared.txt', 'shared');
    const inputs: InputFile[] = [{ kind: 'sent', name: 'shared.txt', unpack: false, source }];
    const run = await runStep(scratch, 'echo changed > shared.txt', { stage: { inputs } });
    expect(readFileSync(join(run.directory, 'shared.txt'), 'utf8')).toBe('shared');
    expect(readFileSync(source, 'utf8')).toBe('shared');
  });

  it.each([
    ['.tar.gz', (file: string, from: string) => execFileSync('tar', ['czf', file, '-C', from, '.'])],
    ['.tar.bz2', (file: string, from: string) => execFileSync('tar', ['cjf', file, '-C', from, '.'])],
    ['.zip', (file: string, from: string) => execFileSync('zip', ['-q', '-r', file, '.'], { cwd: from })],
  ])('are unpacked from %s, and the archive is removed', async (suffix, pack) => {
    const from = join(scratch.path, 'packed');
    mkdirSync(join(from, 'OCDB'), { recursive: true });
    writeFileSync(join(from, 'OCDB', 'Run0.root'), 'calibration');
    const name = `OCDB${suffix}`;
    pack(join(scratch.path, name), from);
    const inputs: InputFile[] = [{ kind: 'worker', name, unpack: true, path: join(scratch.path, name) }];
    const run = await runStep(scratch, 'cat OCDB/Run0.root; ls', { stage: { inputs } });
    expect(run.stdout).toContain('calibration');
    expect(run.stdout).not.toContain(name);
  });

  it('that are not there are tried five times, then fail the step with all that is known', async () => {
    const inputs: InputFile[] = [{ kind: 'worker', name: 'x', unpack: false, path: '/nowhere/x' }];
    const run = await runStep(scratch, 'echo ran', { stage: { inputs } });
    expect(run.status).toBe(STEP_EXIT.input);
    expect(run.result).toMatchObject({ phase: 'input', exitStatus: null });
    expect(run.result.message).toContain('input x from /nowhere/x');
    expect(run.read('logs').match(/attempt \d/g)).toContain('attempt 5');
    expect(run.stdout).toBe('');
  });

  it.each([
    ['x', /^relval: input x from \/.*\/late, attempt 1: cp: .*No such file or directory; next attempt in 1 s\n$/],
    ['Killed', /^$/],
  ])('that come with the second attempt are told, but not as an error of the payload: %s', async (name, told) => {
    const late = join(scratch.path, 'late');
    const run = await runStep(scratch, `cat ${name}`, {
      stage: { inputs: [{ kind: 'worker', name, unpack: false, path: late }] },
      copyPause: 1,
      running: async (_, directory) => {
        await until('the first attempt', () => stepLog(directory).includes('next attempt in 1 s'));
        writeFileSync(late, 'here');
      },
    });
    expect(run.status).toBe(0);
    expect(run.stdout).toContain('here');
    expect(run.stderr).toMatch(told);
    expect(run.report).toBe('');
    expect(run.read('logs')).toContain(`input ${name} from`);
  });

  it('of a kind that cannot be unpacked fail the step at once', async () => {
    const inputs: InputFile[] = [{ kind: 'sent', name: 'x.rar', unpack: true, source: scratch.file('x.rar', '') }];
    const run = await runStep(scratch, '', { stage: { inputs } });
    expect(run.status).toBe(STEP_EXIT.input);
    expect(run.result.message).toContain('cannot unpack x.rar: only .tar.gz');
    expect(run.read('logs')).not.toContain('attempt 2');
  });

  it.each([
    ['xrdcp', { kind: 'xrootd', name: 'y', unpack: false, url: 'root://127.0.0.1:1//y' }],
    ['unzip', { kind: 'generated', name: 'y.zip', unpack: true, lines: () => [] }],
  ] as [string, InputFile][])('that need %s on a worker without it say so at once', async (tool, input) => {
    const run = await runStep(scratch, '', { stage: { inputs: [input] }, env: { PATH: toolsBut(tool) } });
    expect(run.status).toBe(STEP_EXIT.input);
    expect(run.result.message).toMatch(new RegExp(`^${tool} is missing on .*: install it`));
    expect(run.read('logs')).not.toContain('attempt 2');
  });
});

/** What the script has said of the step so far. */
function stepLog(directory: string): string {
  const path = join(directory, 'sim0007.work/own/relval-step.log');
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** A folder with all that is installed, but for one. */
function toolsBut(tool: string): string {
  const folder = join(scratch.path, 'bin');
  mkdirSync(folder);
  for (const name of readdirSync('/usr/bin')) if (name !== tool) symlinkSync(`/usr/bin/${name}`, join(folder, name));
  return folder;
}

describe('outputs', () => {
  const PAYLOAD = `mkdir plots; for f in a.root b.root c.txt 'd e.log' plots/p.png 'x"y$z.dat'; do printf 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx %s' "$f" > "$f"; done`;

  it('are stored again when the program that moves them to their place is killed', async () => {
    const bin = toolsBut('mv');
    const marker = join(scratch.path, 'killed');
    const mv = `#!/bin/bash\nif [ ! -e ${marker} ]; then : >${marker}; kill -KILL $$; fi\nexec /usr/bin/mv "$@"\n`;
    writeFileSync(join(bin, 'mv'), mv, { mode: 0o755 });
    const run = await runStep(scratch, 'echo made >made.txt', {
      stage: { outputs: [{ patterns: ['made.txt'] }], outputDirTemplate: out },
      env: { PATH: bin },
    });
    expect(existsSync(marker)).toBe(true);
    expect(run.status).toBe(0);
    expect(readFileSync(join(out, 'made.txt'), 'utf8')).toBe('made\n');
    expect(files(out).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('go into archives, .root files stored and the others compressed, and each file into the first that wants it', async () => {
    const run = await runStep(scratch, PAYLOAD, {
      stage: {
        outputs: [
          { archive: 'log_archive', patterns: ['std*', '*.log'] },
          { archive: 'root_archive.zip', patterns: ['*.root', 'c.txt', 'x*'] },
          { archive: 'empty.zip', patterns: ['*.nothing'] },
          { patterns: ['b.root', '*.txt', 'plots/*'] },
        ],
        outputDirTemplate: out,
      },
    });
    expect(run.status).toBe(0);
    expect(files(out)).toEqual(['log_archive', 'plots', 'plots/p.png', 'root_archive.zip', 'validation_report.txt']);
    expect(Object.keys(zipped(join(out, 'log_archive'))).sort()).toEqual(['d e.log', 'stderr.log', 'stdout.log']);
    expect(zipped(join(out, 'root_archive.zip'))).toEqual({
      'a.root': 'stored',
      'b.root': 'stored',
      'c.txt': 'deflated',
      'x"y$z.dat': 'deflated',
    });
    const sizes = Object.fromEntries(run.result.outputs.map(({ name, size }) => [name, size]));
    expect(sizes['plots/p.png']).toBe(readFileSync(join(out, 'plots/p.png')).length);
    expect(run.result.outputBytes).toBe(Object.values(sizes).reduce((sum, size) => sum + size, 0));
  });

  it('replace what a killed execution of the step was storing, and nothing else', async () => {
    mkdirSync(join(out, 'plots'), { recursive: true });
    const others = ['.sim0008.12.c.txt', '.sim0007.c.txt', 'kept'];
    for (const name of ['.sim0007.12.c.txt', 'plots/.sim0007.345.a b.png', ...others])
      writeFileSync(join(out, name), '');
    await runStep(scratch, PAYLOAD, {
      stage: { outputs: [{ patterns: ['c.txt', 'plots/*'] }], outputDirTemplate: out },
    });
    expect(files(out)).toEqual([...others, 'c.txt', 'plots', 'plots/p.png', 'validation_report.txt'].sort());
  });

  it('are left as they are with dontArchive', async () => {
    await runStep(scratch, PAYLOAD, {
      stage: {
        outputs: [{ archive: 'all.zip', patterns: ['*.root', 'std*'] }],
        dontArchive: true,
        outputDirTemplate: out,
      },
    });
    expect(files(out)).toEqual(['a.root', 'b.root', 'stderr.log', 'stdout.log', 'validation_report.txt']);
  });

  it('are all but the inputs with saveAll', async () => {
    await runStep(scratch, PAYLOAD, { stage: { saveAll: true, outputDirTemplate: out } });
    expect(files(out)).toEqual([
      'a.root',
      'b.root',
      'c.txt',
      'd e.log',
      'plots',
      'plots/p.png',
      'stderr.log',
      'stdout.log',
      'validation_report.txt',
      'x"y$z.dat',
    ]);
  });

  it('keep awkward names on their way to an awkward directory', async () => {
    const directory = join(out, AWKWARD.replace('$HOME', '\\$HOME'));
    const run = await runStep(
      scratch,
      `touch ${[AWKWARD, '-n', '*', `]'`].map((name) => `'./${name.replaceAll("'", `'\\''`)}'`).join(' ')}`,
      {
        stage: { outputs: [{ patterns: ['a*', '-n', '[*]', ']*'] }], outputDirTemplate: directory },
      },
    );
    expect(run.status).toBe(0);
    expect(files(join(out, AWKWARD))).toEqual(['*', '-n', `]'`, AWKWARD, 'validation_report.txt'].sort());
  });

  it.each([
    ['beside an archive', { outputs: [{ archive: 'all.zip', patterns: ['*.txt'] }] }, ['a\nb.txt', 'all.zip']],
    ['with saveAll', { saveAll: true }, ['a\nb.txt', 'c.txt', 'stderr.log', 'stdout.log', 'validation_report.txt']],
  ])('may have a line feed in their names: %s', async (_, stage, names) => {
    const run = await runStep(scratch, "echo x > $'a\\nb.txt'; echo y > c.txt", {
      stage: { ...stage, outputDirTemplate: out },
    });
    expect(run.status).toBe(0);
    expect(files(out)).toEqual(names);
    expect(readFileSync(join(out, 'a\nb.txt'), 'utf8')).toBe('x\n');
  });

  it('that later stages need and that are not there are named', async () => {
    const run = await runStep(scratch, 'touch QAresults.root timeBins.log', {
      stage: {
        outputs: [{ archive: 'QA_archive.zip', patterns: ['QA*'] }],
        expects: ['QA_archive.zip', 'QA*.root', 'FilterEvents*.root'],
        handsOn: ['timeBins.log', 'gone.txt'],
        outputDirTemplate: out,
      },
    });
    expect(run.status).toBe(0);
    expect(run.result.missing).toEqual(['gone.txt', 'FilterEvents*.root']);
    expect(run.read('timeBins.log')).toBe('');
    expect(run.read('gone.txt')).toBe('');
  });

  it('that cannot be transferred fail the step, with the payload and its log kept', async () => {
    const blocked = scratch.file('out', 'a file');
    const run = await runStep(scratch, 'echo done', {
      stage: { outputs: [{ patterns: ['std*'] }], outputDirTemplate: `${blocked}/x` },
    });
    expect(run.status).toBe(STEP_EXIT.output);
    expect(run.result).toMatchObject({ phase: 'output', exitStatus: 0 });
    expect(run.result.message).toContain(`transfer to ${blocked}/x failed`);
    expect(run.stdout).toContain('done');
  });

  it('that are the log itself arrive as the payload left it, whatever is said in it meanwhile', async () => {
    const blocked = scratch.file('out', 'a file');
    const run = await runStep(scratch, 'printf unended >&2', {
      stage: { outputs: [{ patterns: ['std*'] }], outputDirTemplate: `${blocked}/x`, copyJobs: 1 },
      copyPause: 1,
      running: async (_, directory) => {
        await until('the first attempt', () => stepLog(directory).includes('next attempt in 1 s'));
        rmSync(blocked);
      },
    });
    expect(run.status).toBe(0);
    expect(readFileSync(join(out, 'x', 'stderr.log'), 'utf8')).toBe('unended');
    expect(run.stderr).toMatch(
      /^unended\nrelval: output std(err|out).log to \/.*, attempt 1: .*; next attempt in 1 s\n/,
    );
  });

  it('need a directory that is not relative to one that will be gone', async () => {
    const run = await runStep(scratch, 'true', { stage: { outputDirTemplate: 'relative/dir' } });
    expect(run.status).toBe(STEP_EXIT.output);
    expect(run.result.message).toContain('must be an absolute path or a root:// address');
  });

  it('that should be archived on a worker without zip fail the step, and it says so', async () => {
    const outputs = [{ archive: 'all.zip', patterns: ['std*'] }];
    const run = await runStep(scratch, 'echo done', {
      stage: { outputs, outputDirTemplate: out },
      env: { PATH: toolsBut('zip') },
    });
    expect(run.status).toBe(STEP_EXIT.output);
    expect(run.result.message).toMatch(/^zip is missing on .*, needed to make all\.zip/);
    expect(run.stdout).toContain('done');
  });
});
