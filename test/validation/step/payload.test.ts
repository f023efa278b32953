// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are bash's
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { STEP_EXIT } from '../../../validation/step/result.ts';
import type { Stage } from '../../../validation/workflow/plan.ts';
import { makeStage, makeStep } from '../plans.ts';
import { isAlive, runStep, Scratch, startStep, writeSteps } from './sandbox.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

/** Prints its arguments and one variable, a line each, between brackets. */
const SHOW = `for word in "$@"; do printf '[%s]\\n' "$word"; done; printf 'NAME=[%s]\\n' "$NAME"`;
const AWKWARD = `a b  "c" 'd' $HOME \`id\` $(id);|&<>*?~#\\ é\u{1f600}`;

describe('the payload', () => {
  it('runs in a directory of its own, and everything it writes comes back', async () => {
    const run = await runStep(scratch, 'pwd; echo oops >&2; echo "locale $LC_ALL"; exit 0');
    expect(run.status).toBe(0);
    expect(run.stdout).toContain(join(run.directory, 'sim0007.work/job'));
    expect(run.stdout).toContain('locale C');
    expect(run.stderr).toBe('oops\n');
    expect(run.result).toMatchObject({
      step: 'sim0007',
      stage: 'sim',
      index: 7,
      phase: 'done',
      exitStatus: 0,
      signal: null,
    });
    expect(run.result.end).toBeGreaterThanOrEqual(run.result.start);
    expect(run.result.message).toBe('');
    expect(existsSync(join(run.directory, 'sim0007.work'))).toBe(false);
    expect(run.said).toBe('');
  });

  it('may fail: that is recorded, and is no failure of the infrastructure', async () => {
    const run = await runStep(scratch, 'exit 3');
    expect(run.status).toBe(0);
    expect(run.result).toMatchObject({ phase: 'payload', exitStatus: 3, signal: null, blocking: false });
  });

  it('is killed with all its children when its time is over', async () => {
    const run = await runStep(scratch, '(sleep 300; echo late) & trap "" TERM; echo waiting; wait', {
      stage: { resources: { cores: 1, memory: 1, disk: 1, wallTime: 3 } },
    });
    expect(run.status).toBe(0);
    expect(run.result).toMatchObject({ phase: 'payload', exitStatus: 137, signal: 'SIGKILL', timedOut: true });
    expect(run.result.message).toContain('time limit of 3 s');
    expect(run.stdout).toContain('waiting');
    expect(run.report).toMatch(/^stdout\.log:\d+:relval: Killed: the payload exceeded its time limit of 3 s$/m);
  });

  it('has its time to itself: transfers do not count', async () => {
    const out = join(scratch.path, 'out');
    scratch.script('zip', 'sleep 6; PATH=${PATH#*:} exec zip "$@"');
    const run = await runStep(scratch, 'echo done', {
      env: { PATH: `${scratch.path}:${process.env.PATH}` },
      stage: {
        resources: { cores: 1, memory: 1, disk: 1, wallTime: 4 },
        outputDirTemplate: out,
        outputs: [{ archive: 'x.zip', patterns: ['std*'] }],
      },
    });
    expect(run.result).toMatchObject({ phase: 'done', timedOut: false });
    expect(readdirSync(out)).toContain('x.zip');
  });

  it('is followed by archiving for a limited time: then the step fails and says what took so long', async () => {
    scratch.script('zip', 'echo $$ >"$ZIP_PID"; sleep 300');
    const pid = join(scratch.path, 'zip-pid');
    const run = await runStep(scratch, 'echo said', {
      env: { PATH: `${scratch.path}:${process.env.PATH}`, ZIP_PID: pid },
      afterLimit: 2,
      stage: { outputDirTemplate: join(scratch.path, 'out'), outputs: [{ archive: 'x.zip', patterns: ['std*'] }] },
    });
    expect(run.status).toBe(67);
    expect(run.result).toMatchObject({
      phase: 'output',
      message: 'it took more than 2 s to make x.zip after the payload',
    });
    expect(run.stdout).toContain('said');
    expect(isAlive(Number(readFileSync(pid, 'utf8')))).toBe(false);
  });

  it('fails with the reason when an archive cannot be moved to its place', async () => {
    scratch.script(
      'mv',
      'if [[ $* == *zip/x.zip ]]; then echo "mv: no space left here" >&2; exit 1; fi; PATH=${PATH#*:} exec mv "$@"',
    );
    const run = await runStep(scratch, 'echo said', {
      env: { PATH: `${scratch.path}:${process.env.PATH}` },
      stage: { outputDirTemplate: join(scratch.path, 'out'), outputs: [{ archive: 'x.zip', patterns: ['std*'] }] },
    });
    expect(run.status).toBe(67);
    expect(run.result).toMatchObject({
      phase: 'output',
      message: 'x.zip could not be put into its place: mv: no space left here',
    });
    expect(run.stdout).toContain('said');
  });

  it('is followed by a look at its logs for a limited time, and what was printed comes back all the same', async () => {
    const many = 'for n in {1..4000}; do echo x >$n.log; done; gzip *.log; echo said';
    const run = await runStep(scratch, many, { afterLimit: 1 });
    expect(run.status).toBe(67);
    expect(run.result.message).toBe('it took more than 1 s to look at the logs after the payload');
    expect(run.stdout).toContain('said');
    expect((run.result.end ?? 0) - (run.result.payloadEnd ?? 0)).toBeLessThan(60_000);
  });

  it('is followed by transfers for a limited time, all of them together', async () => {
    scratch.script('cp', 'case $* in *result*) ;; *a.root*) sleep 300 ;; esac; PATH=${PATH#*:} exec cp "$@"');
    const out = join(scratch.path, 'out');
    const run = await runStep(scratch, 'echo x >a.root.txt', {
      env: { PATH: `${scratch.path}:${process.env.PATH}` },
      afterLimit: 2,
      stage: { outputDirTemplate: out, outputs: [{ patterns: ['*.root.txt'] }] },
    });
    expect(run.status).toBe(67);
    expect(run.result.message).toBe(`it took more than 2 s to store the outputs at ${out} after the payload`);
  });

  it.each([
    ['a directory', 'mkdir -p "$f/sub"'],
    ['a named pipe', 'mkfifo "$f"'],
    ['a link to a device', 'ln -s /dev/zero "$f"'],
  ])('may put %s in the place of the files that come back: they are files again', async (_name, make) => {
    const files = 'stdout.log stderr.log logs validation_report.txt result.json result.tmp';
    const run = await runStep(
      scratch,
      `echo said; echo trouble >&2; for name in ${files}; do f=../../sim0007.$name; rm -rf "$f"; ${make}; done; exit 3`,
    );
    expect(run.status).toBe(0);
    expect(run.result).toMatchObject({ phase: 'payload', exitStatus: 3 });
    expect(run.stdout).toContain('said');
    expect(run.stderr).toContain('trouble');
  });

  it('that dies by a signal is recorded with the signal', async () => {
    const run = await runStep(scratch, 'kill -ABRT $$');
    expect(run.status).toBe(0);
    expect(run.result).toMatchObject({ phase: 'payload', exitStatus: 134, signal: 'SIGABRT', timedOut: false });
    expect(run.stdout).toContain('relval: the payload was ended by SIGABRT');
  });

  it('leaves no process behind', async () => {
    const run = await runStep(scratch, 'sleep 321 & echo $!');
    expect(isAlive(Number(run.stdout.trim().split('\n').at(-1)))).toBe(false);
  });

  it('takes CPU time that is measured', async () => {
    const run = await runStep(scratch, 'for ((i = 0; i < 100000; i++)); do :; done');
    expect(run.result.cpuTime).toBeGreaterThan(0.01);
  });

  it('may dump core, which is named, reported and kept', async () => {
    const run = await runStep(scratch, 'echo dump > core.1234; kill -SEGV $$', {
      stage: { outputDirTemplate: join(scratch.path, 'out') },
    });
    expect(run.result.signal).toBe('SIGSEGV');
    expect(run.result.coreDumps).toContain('core.1234');
    expect(run.report).toContain('core.1234:0:core dumped\n');
    expect(readdirSync(join(scratch.path, 'out'))).toContain('core.1234');
  });

  it('is said to have dumped core for what is one, whatever it is called, and not for a name that begins so', async () => {
    const elf = (type: string) => `printf '\\177ELF\\2\\1\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0${type}more'`;
    const run = await runStep(
      scratch,
      `echo 1 > core.C; echo 1 > core.root; touch core_empty; ${elf('\\4\\0')} > core.aliroot.17; ${elf('\\3\\0')} > core_app; mkdir cores; echo x > cores/core`,
    );
    expect(run.result.coreDumps.sort()).toEqual(['core.aliroot.17', 'cores/core']);
  });

  it('is searched for the known errors in every log', async () => {
    const run = await runStep(
      scratch,
      `echo fine; echo 'x.C:3: error: no'; echo 'std::bad_alloc' > rec.log; mkdir sub; printf '\\0\\xff*** glibc detected ***' > 'sub/a b.log'`,
    );
    expect(run.report.split('\n').sort()).toEqual([
      '',
      'rec.log:1:std::bad_alloc',
      'stdout.log:3:x.C:3: error: no',
      'sub/a b.log:1:\0\ufffd*** glibc detected ***',
    ]);
  });
});

describe('arguments and environment', () => {
  it('keep what a JDL says, word by word', async () => {
    const run = await runStep(scratch, SHOW, {
      stage: {
        argumentsTemplate: `--run 280140 "two words" 'a"b' x\\ y ; | > * ~ # --last=#alien_counter_05i#`,
        environment: [['NAME', `a "b" 'c'; * > #alien_counter#`]],
      },
    });
    const words = ['--run', '280140', 'two words', 'a"b', 'x y', ';', '|', '>', '*', '~', '#', '--last=00007'];
    expect(run.stdout).toContain(words.map((word) => `[${word}]\n`).join(''));
    expect(run.stdout).toContain(`NAME=[a "b" 'c'; * > 7]`);
  });

  it('have their shell expressions expanded where the payload runs', async () => {
    const run = await runStep(scratch, SHOW, {
      stage: {
        environment: [
          ['SEED', '1#alien_counter_04i#'],
          ['TWO', 'one two'],
          ['NAME', '$PWD/${SEED} $(basename /x/y) \\$HOME'],
        ],
        argumentsTemplate:
          '$SEED $TWO "$TWO" $(( 10#0012 + #alien_counter# )) `echo b` $(echo #alienfilename# | cut -b3-5) ${TWO#one }',
      },
      step: { inputFile: 'root://host//data/18000286313.1.root' },
    });
    const words = ['10007', 'one', 'two', 'one two', '19', 'b', '000', 'two'];
    expect(run.stdout).toContain(words.map((word) => `[${word}]\n`).join(''));
    expect(run.stdout).toContain(`NAME=[${run.directory}/sim0007.work/job/10007 y $HOME]`);
  });

  it('take a file name as it is, whatever is in it', async () => {
    const run = await runStep(scratch, SHOW, {
      stage: {
        argumentsTemplate: `#alienfilename# x'#alienfilename#'y "z#alienfilename/.root//#" $(printf '%s' #alienfilename# | wc -c)`,
        environment: [['NAME', '#alienfilename/ /%20/#']],
        outputDirTemplate: `${scratch.path}/out/#alienfilename/.root//#`,
      },
      step: { inputFile: `/data/${AWKWARD}.root`, extraArguments: [AWKWARD, '', '1\t2'] },
    });
    const name = `${AWKWARD}.root`;
    const words = [name, `x${name}y`, `z${AWKWARD}`, String(Buffer.byteLength(name)), AWKWARD, '', '1\t2'];
    expect(run.stdout).toContain(words.map((word) => `[${word}]\n`).join(''));
    expect(run.stdout).toContain(`NAME=[${name.replaceAll(' ', '%20')}]`);
    expect(run.result.outputDir).toBe(`${scratch.path}/out/${AWKWARD}`);
    expect(existsSync(join(scratch.path, 'out', AWKWARD, 'validation_report.txt'))).toBe(true);
  });

  it('may leave the directory, and switch on what would disturb the step', async () => {
    const run = await runStep(scratch, 'echo ran > a.txt; cat a.txt', {
      stage: { environmentCommand: 'set -Cxeu; date() { echo never; }; cd /' },
    });
    expect(run.result).toMatchObject({ phase: 'done', exitStatus: 0 });
    expect(run.stdout).toContain('\nran\n');
    expect(run.stderr).not.toContain('rv_arguments');
  });

  it('come from the environment command, and the JDL has the last word', async () => {
    const run = await runStep(scratch, `${SHOW}; ulimit -n`, {
      stage: {
        environmentCommand: 'source local.sh; ulimit -n 77',
        inputs: [
          { kind: 'generated', name: 'local.sh', unpack: false, lines: () => ['export NAME=env', 'hidden=yes'] },
        ],
        environment: [['NAME', 'jdl $NAME']],
        argumentsTemplate: '$hidden',
      },
    });
    expect(run.stdout).toContain('[yes]\nNAME=[jdl env]\n77\n');
  });

  it('come from the packages on CVMFS, without jemalloc', async () => {
    const alienv = scratch.script('alienv', `[ "$1" = printenv ] && echo "export NAME='$2'; "`);
    const packages = ['VO_ALICE@AliPhysics::v5', 'VO_ALICE@jemalloc::v3', 'VO_ALICE@AliDPG::v2'];
    const run = await runStep(scratch, SHOW, {
      stage: { packages },
      alienv: alienv.kind === 'sent' ? alienv.source : '',
    });
    expect(run.stdout).toContain('NAME=[VO_ALICE@AliPhysics::v5,VO_ALICE@AliDPG::v2]');
  });

  it.each([
    ['a command that fails', { environmentCommand: 'source nothing.sh' }, 'nothing.sh: No such file'],
    ['a command that ends the shell', { environmentCommand: 'exit 0' }, 'ended the shell'],
    ['a PATH without commands', { environmentCommand: 'PATH=/nowhere' }, "without the system's commands: /nowhere"],
    ['packages without CVMFS', { packages: ['VO_ALICE@AliPhysics::v5'] }, '/nowhere/alienv is missing'],
    ['an executable that is nowhere', { executable: 'nowhere.sh' }, 'no nowhere.sh'],
  ])('are a failure of the infrastructure with %s', async (_, stage, message) => {
    const run = await runStep(scratch, 'echo ran', { stage, alienv: '/nowhere/alienv' });
    expect(run.status).toBe(STEP_EXIT.environment);
    expect(run.result).toMatchObject({ phase: 'environment', exitStatus: null, payloadStart: null });
    expect(run.result.message).toContain(message);
    expect(run.stdout).not.toContain('ran');
  });
});

describe('the executable', () => {
  const found = async (stage: Partial<Stage>): Promise<string | undefined> => {
    const { stdout } = await runStep(scratch, 'echo ran', { stage });
    return /^\+ (.*)\nran$/m.exec(stdout)?.[1];
  };
  const place = (folder: string): string =>
    `mkdir -p ${scratch.path}/${folder} && cp payload.sh ${scratch.path}/${folder}`;

  it('is the one at the full path, if there is one', async () => {
    const executablePath = `${scratch.path}/full/payload.sh`;
    expect(await found({ executablePath, environmentCommand: place('full') })).toBe(executablePath);
  });

  it('is looked for in PATH', async () => {
    const environmentCommand = `${place('bin')}; PATH=${scratch.path}/bin:$PATH`;
    expect(await found({ executablePath: '/nowhere/payload.sh', environmentCommand })).toBe(
      `${scratch.path}/bin/payload.sh`,
    );
  });

  it('is looked for below ALIDPG_ROOT', async () => {
    const environmentCommand = `${place('dpg/a/b')}; export ALIDPG_ROOT=${scratch.path}/dpg`;
    expect(await found({ environmentCommand })).toBe(`${scratch.path}/dpg/a/b/payload.sh`);
  });

  it('is looked for among the inputs, and need not be executable', async () => {
    expect(await found({})).toBe('./payload.sh');
    scratch.remove();
    scratch = new Scratch();
    expect(await found({ environmentCommand: 'chmod -x payload.sh' })).toBe('bash ./payload.sh');
  });
});

describe('a stage that must succeed', () => {
  it('keeps the steps behind it from running, and those behind them', async () => {
    const first = makeStep(makeStage('first', { executable: 'false', onFailure: 'stop' }));
    const second = makeStep(makeStage('second', { after: ['first'] }), undefined, { after: ['first'] });
    const third = makeStep(makeStage('third', { after: ['second'] }), undefined, { after: ['second'] });
    const directory = await writeSteps(scratch, [first, second, third]);
    const failed = await startStep(directory, first);
    expect(failed.result).toMatchObject({ phase: 'payload', blocking: true });
    for (const step of [second, third]) {
      const { status, result, stdout } = await startStep(directory, step);
      expect(status).toBe(0);
      expect(result).toMatchObject({ phase: 'skipped', blocking: true, exitStatus: null });
      expect(result.message).toBe('not run, because first did not succeed');
      expect(stdout).toBe('');
    }
  });

  it('lets them run when it does', async () => {
    const first = makeStep(makeStage('first', { onFailure: 'stop' }));
    const second = makeStep(makeStage('second', { after: ['first'] }), undefined, { after: ['first'] });
    const directory = await writeSteps(scratch, [first, second]);
    expect((await startStep(directory, first)).result).toMatchObject({ phase: 'done', blocking: false });
    expect((await startStep(directory, second)).result).toMatchObject({ phase: 'done', blocking: false });
  });
});
