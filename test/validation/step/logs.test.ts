// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are bash's
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scanLeftOut } from '../../../validation/checks/left-out.ts';
import { parseRules } from '../../../validation/checks/rules.ts';
import { unpackLogs } from '../../../validation/logs/log-bundle.ts';
import { isAlive, runStep, Scratch, type StepRunOptions } from './sandbox.ts';

let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.remove());

const BAD = 'Segmentation fault';
const RULES = parseRules('r', `rules: [{ id: crash, contains: '${BAD}', severity: error }]`).logs;

/** Runs a payload; `logs` has the texts of its logs by their names. */
async function logsOf(payload: string, options: StepRunOptions = {}) {
  const run = await runStep(scratch, payload, options);
  const [logs, leftOut] = [join(scratch.path, 'logs'), join(scratch.path, 'left-out')];
  const { logs: unpacked, damage } = await unpackLogs(join(run.directory, 'sim0007.logs'), logs, leftOut);
  expect([damage, unpacked.filter(({ refused }) => refused)]).toEqual([undefined, []]);
  const texts = new Map(
    unpacked
      .filter(({ name }) => existsSync(join(logs, name)))
      .map(({ name }) => [name, readFileSync(join(logs, name), 'latin1')]),
  );
  texts.delete('relval-step.log');
  const foundIn = (name: string) => scanLeftOut(join(leftOut, name), RULES, { now: 0 });
  return { ...run, logs: Object.fromEntries(texts), unread: run.result.unread, foundIn };
}

describe('of a payload that prints nothing', () => {
  it('there is nothing to report', async () => {
    const { report, stdout } = await runStep(scratch, ':');
    expect(report).toBe('');
    expect(stdout).toMatch(/^\+ .*\n$/);
  });

  it.each([
    ['what its environment has printed', ':', { environmentCommand: `echo '${BAD}'` }, 'stdout.log:1:'],
    ['what its environment has complained about', ':', { environmentCommand: `echo '${BAD}' >&2` }, 'stderr.log:1:'],
    ['what it has written to a log', `echo '${BAD}' >rec.log`, {}, 'rec.log:1:'],
    ['its core dump', `printf '\\177ELF\\2\\1\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0\\4\\0' >core.7`, {}, 'core.7:0:'],
  ])('%s is reported', async (_, payload, stage, place) => {
    const { report } = await runStep(scratch, payload, { stage });
    expect(report.startsWith(place)).toBe(true);
  });
});

describe('a log is looked at', () => {
  it.each([
    ['that is compressed by gzip', `echo '${BAD}' >rec.log; gzip rec.log`, 'rec.log.gz/rec.log'],
    ['that is compressed by xz', `echo '${BAD}' >rec.log; xz rec.log`, 'rec.log.xz/rec.log'],
    ['that is compressed by bzip2', `echo '${BAD}' >rec.log; bzip2 rec.log`, 'rec.log.bz2/rec.log'],
    ['that is compressed by zstd', `echo '${BAD}' >rec.log; zstd -q --rm rec.log`, 'rec.log.zst/rec.log'],
    ['that is compressed, and not called so', `echo '${BAD}' | gzip >rec.log`, 'rec.log/rec.log'],
    ['that was rotated', `echo fine >rec.log; echo '${BAD}' >rec.log.1`, 'rec.log.1'],
    ['that was rotated and compressed', `echo '${BAD}' >rec.log.2; gzip rec.log.2`, 'rec.log.2.gz/rec.log.2'],
    ['that was rotated by its date', `echo '${BAD}' >rec.log-20300101`, 'rec.log-20300101'],
    ['that is in a zip', `echo '${BAD}' >rec.log; zip -q -m log_archive.zip rec.log`, 'log_archive.zip/rec.log'],
    ['that is in a tar', `mkdir d; echo '${BAD}' >d/rec.log; tar cf l.tar d; rm -r d`, 'l.tar/d/rec.log'],
    ['that is in a tar.gz', `echo '${BAD}' >rec.log; tar czf l.tgz rec.log; rm rec.log`, 'l.tgz/rec.log'],
    [
      'that is compressed in a zip',
      `echo '${BAD}' >a.log; gzip a.log; zip -q -m l.zip a.log.gz`,
      'l.zip/a.log.gz/a.log',
    ],
    ['that is a link', `echo '${BAD}' >run_1.txt; ln -s run_1.txt rec.log`, 'rec.log'],
    ['with a line feed in its name', `echo '${BAD}' >$'re\\nc.log'`, 're␤c.log'],
    ['with a carriage return in its name', `echo '${BAD}' >$'re\\rc.log'`, 're\rc.log'],
    [
      'some folders deep',
      `mkdir -p $(seq -s / 1 60); echo '${BAD}' >$(seq -s / 1 60)/rec.log`,
      `${Array.from({ length: 60 }, (_, i) => i + 1).join('/')}/rec.log`,
    ],
    ['in capitals', `echo '${BAD}' >REC.LOG`, 'REC.LOG'],
    ['of a batch system', `echo '${BAD}' >job.err`, 'job.err'],
    ['of the simulation’s workers', `echo '${BAD}' >o2sim_workerlog0`, 'o2sim_workerlog0'],
    ['in UTF-16', `echo '${BAD}' | iconv -f ASCII -t UTF-16 >rec.log`, 'rec.log/rec.log'],
    ['in UTF-16 without a mark', `echo '${BAD}' | iconv -f ASCII -t UTF-16BE >rec.log`, 'rec.log/rec.log'],
    ['that took the place of stdout.log', `echo '${BAD}' >rec.txt; mv rec.txt stdout.log`, 'stdout.log'],
    ['of the name of the script’s own', `echo '${BAD}' >relval-step.log`, 'payload-relval-step.log'],
  ])('%s', async (_, payload, name) => {
    const { logs, unread, report } = await logsOf(payload);
    expect(Object.keys(logs)).toContain(name);
    expect(logs[name]).toBe(`${BAD}\n`);
    expect(unread).toEqual([]);
    expect(report).toContain(BAD);
  });

  it('once, however many links lead to it', async () => {
    const { logs } = await logsOf(
      `mkdir d; echo '${BAD}' >d/rec.log; ln -s d/rec.log rec.log; ln -s d logs; ln -s rec.log last.log`,
    );
    expect(Object.keys(logs)).toEqual(['d/rec.log']);
  });

  it('in a directory elsewhere that a link leads to', async () => {
    const { logs } = await logsOf(
      `mkdir '${scratch.path}/far'; echo '${BAD}' >'${scratch.path}/far/rec.log'; ln -s '${scratch.path}/far' logs`,
    );
    expect(logs).toEqual({ 'logs/rec.log': `${BAD}\n` });
  });

  it('of the payload, not one that came in an archive', async () => {
    const archive = scratch.file('in.zip', '');
    const { execFileSync } = await import('node:child_process');
    execFileSync('bash', ['-c', `cd '${scratch.path}' && rm in.zip && echo '${BAD}' >x.log && zip -q -m in.zip x.log`]);
    const { logs, unread } = await logsOf('echo done', {
      stage: { inputs: [{ kind: 'sent', name: 'in.zip', unpack: false, source: archive }] },
    });
    expect([logs, unread]).toEqual([{}, []]);
  });

  it('though nobody gave it the right to be read', async () => {
    const { logs, unread } = await logsOf(`mkdir d; echo '${BAD}' >d/rec.log; chmod 0 d/rec.log; chmod 0 d`);
    expect([logs, unread]).toEqual([{ 'd/rec.log': `${BAD}\n` }, []]);
  });

  it('and programs are none, whatever they are called', async () => {
    const { logs, unread } = await logsOf('cp /bin/true a.out; echo text >b.out; echo x >catalog; echo x >x.log.root');
    expect(Object.keys(logs).sort()).toEqual(['b.out', 'x.log.root']);
    expect(unread).toEqual([]);
  });

  it('with three thousand others, and few processes', async () => {
    const { logs } = await logsOf(`for i in $(seq -w 3000); do echo fine >a$i.log; done; echo '${BAD}' >z.log`);
    expect(Object.keys(logs)).toHaveLength(3001);
    expect(logs['z.log']).toBe(`${BAD}\n`);
  });
});

describe('a log that cannot be looked at is named', () => {
  it.each([
    ['a pipe', 'mkfifo rec.log', 'rec.log cannot be looked at: it is no file, but a pipe, a socket or a device'],
    [
      'a link to nothing',
      'ln -s /nowhere/x rec.log',
      'rec.log cannot be looked at: it is a link that leads to nothing',
    ],
    [
      'a cut gzip',
      `seq 9999 >rec.log; gzip rec.log; truncate -s 5000 rec.log.gz`,
      'rec.log.gz cannot be looked at: gzip ended with status 1: gzip: stdin: unexpected end of file',
    ],
    [
      'what nobody unpacks',
      `printf '7z\\274\\257\\047\\034xxxx' >rec.log.7z`,
      'rec.log.7z cannot be looked at: nothing here unpacks 7z',
    ],
    ['a zip with a password', `echo x >rec.log; zip -q -m -P secret l.zip rec.log`, 'l.zip cannot be looked at: '],
  ])('%s', async (_, payload, why) => {
    const { unread, status } = await logsOf(payload);
    expect(unread).toHaveLength(1);
    expect(unread[0]).toContain(why);
    expect(status).toBe(0);
  });

  it('with the tool that is missing', async () => {
    const tools = [
      'bash',
      'cat',
      'cut',
      'date',
      'df',
      'find',
      'grep',
      'head',
      'ln',
      'mkdir',
      'install',
      'mv',
      'nice',
      'od',
      'rm',
      'sed',
      'sleep',
      'sort',
      'stat',
      'tail',
      'tr',
      'wc',
      'xargs',
      'cp',
      'chmod',
    ];
    const { unread } = await logsOf(
      `PATH=${process.env.PATH}; echo '${BAD}' >a.log; gzip a.log; echo '${BAD}' >b.log; zip -q -m b.zip b.log; : >x; zip -q -m c.zip x`,
      { env: { PATH: await only(tools) } },
    );
    expect(unread).toHaveLength(2);
    expect(unread.join()).toMatch(/a\.log\.gz cannot be looked at: gzip is missing on/);
    expect(unread.join()).toMatch(/b\.zip cannot be looked at: unzip is missing on/);
  });

  it('stdout.log, when the payload wrote over it', async () => {
    const { unread } = await logsOf(`echo '${BAD}'; echo fine >stdout.log`);
    expect(unread).toEqual(['stdout.log cannot be looked at: the payload wrote over it']);
  });

  it('stderr.log, when the payload cut it', async () => {
    const { unread } = await logsOf(`echo '${BAD}' >&2; : >stderr.log`);
    expect(unread).toEqual(['stderr.log cannot be looked at: the payload cut it']);
  });

  it('but not when it only went on in it, or made another one', async () => {
    const { unread } = await logsOf(
      'echo a >&2; echo b >>stderr.log; echo c >>stdout.log; sed -i s/c/d/ stdout.log; echo e >&2',
    );
    expect(unread).toEqual([]);
  });
});

/** A directory with these commands only. */
async function only(commands: string[]): Promise<string> {
  const { execFileSync } = await import('node:child_process');
  execFileSync('bash', [
    '-c',
    'mkdir "$0"; for t in "$@"; do ln -s "$(type -P "$t")" "$0/"; done',
    join(scratch.path, 'bin'),
    ...commands,
  ]);
  return join(scratch.path, 'bin');
}

describe('the part of a log that does not come back', () => {
  const middle = (line: string) =>
    `for ((i = 1; i <= 3000; i++)); do if ((i == 1500)); then ${line}; else echo "event $i"; fi; done`;

  it('has its errors found, with their numbers and the lines around them', async () => {
    const { foundIn, logs } = await logsOf(`{ ${middle(`echo 'x ${BAD}'`)}; } >rec.log`, { logLimit: 4000 });
    expect(logs['rec.log']).not.toContain(BAD);
    expect(await foundIn('logs/rec.log')).toMatchObject([
      {
        line: 1500,
        message: `x ${BAD}`,
        context: {
          before: ['event 1498', 'event 1499'],
          after: ['event 1501', 'event 1502'],
        },
      },
    ]);
  });

  it('also of stdout, and of a log for which there is no room at all', async () => {
    const { foundIn } = await logsOf(`{ ${middle(`echo '${BAD}'`)}; } | tee b.log; head -c 9000 /dev/zero >a.log`, {
      outputLimit: 4000,
      logLimit: 9000,
      logsLimit: 9000,
    });
    // behind the command
    expect((await foundIn('stdout.log')).map(({ line }) => line)).toEqual([1501]);
    expect((await foundIn('logs/b.log')).length + (await foundIn('logs/a.log')).length).toBeLessThanOrEqual(1);
  });

  it('has errors in colour found, and those across its borders', async () => {
    const coloured = await logsOf(
      `{ ${middle(`printf '\\033[31mSegmentation \\033[1mfault\\033[0m\\n'`)}; } | sed '1s/^/\\x1b[0m/' >rec.log`,
      { logLimit: 4000 },
    );
    expect(await coloured.foundIn('logs/rec.log')).toMatchObject([{ line: 1500, message: BAD }]);
  });

  it.each([1990, 1995, 2000, 9986, 9990, 9995])(
    'has an error found at byte %i of 12000, where 4000 come back',
    async (at) => {
      const { foundIn, logs } = await logsOf(
        `{ head -c ${at} /dev/zero | tr '\\0' '\\n'; echo '${BAD}'; head -c ${12000 - at - BAD.length - 1} /dev/zero | tr '\\0' '\\n'; } >rec.log`,
        { logLimit: 4000 },
      );
      const kept = logs['rec.log']?.includes(BAD);
      expect(kept || (await foundIn('logs/rec.log')).some(({ line }) => line === at + 1)).toBe(true);
    },
  );

  it('has what is new in kind found behind a flood', async () => {
    const { foundIn, unread } = await logsOf(
      `{ echo start; for ((i = 0; i < 40000; i++)); do echo "${BAD} in event $i"; done; echo '${BAD} of another kind'; seq 3000; } >rec.log`,
      { logLimit: 4000 },
    );
    const found = await foundIn('logs/rec.log');
    expect(found.map(({ message }) => message)).toContain(`${BAD} of another kind`);
    expect(found.find(({ message }) => message.endsWith('kind'))?.line).toBe(40002);
    expect(unread).toEqual([]);
  });
});

describe('what a payload leaves running', () => {
  it.each([
    ['in a session of its own', `setsid bash -c 'echo $$ >"$0"; exec sleep 300' "$P" >/dev/null 2>&1 </dev/null &`],
    [
      'with an environment of its own',
      `env -i setsid bash -c 'echo $$ >"$0"; exec sleep 300' "$P" >/dev/null 2>&1 </dev/null &`,
    ],
    [
      'elsewhere, without any open file',
      `cd /; setsid bash -c 'for f in /proc/$$/fd/*; do f=\${f##*/}; ((f > 2)) && eval "exec $f>&-"; done; echo $$ >"$0"; exec sleep 300' "$P" >/dev/null 2>&1 </dev/null &`,
    ],
    [
      'as a grandchild of nobody',
      `(setsid bash -c '(echo $BASHPID >"$0"; exec sleep 300) &' "$P") >/dev/null 2>&1 </dev/null`,
    ],
  ])('%s ends with the step', async (_, command) => {
    const file = join(scratch.path, 'pid');
    await runStep(
      scratch,
      `export P='${file}'; ${command}\nfor i in $(seq 300); do [[ -s $P ]] && exit; sleep 0.02; done; exit 9`,
    );
    const pid = Number(readFileSync(file, 'utf8'));
    expect(isAlive(pid)).toBe(false);
  });

  it('after its time limit too', async () => {
    const file = join(scratch.path, 'pid');
    const run = await runStep(scratch, `exec setsid -w bash -c 'echo $$ >"$0"; exec sleep 300' '${file}'`, {
      stage: { resources: { cores: 1, memory: 10, disk: 10, wallTime: 1 } },
    });
    expect(run.result.timedOut).toBe(true);
    expect(isAlive(Number(readFileSync(file, 'utf8')))).toBe(false);
  });
});
