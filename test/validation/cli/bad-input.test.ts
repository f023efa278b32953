import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GPMC, Relval, ROOT } from '../../e2e/relval.ts';

let relval: Relval;
beforeAll(() => {
  relval = new Relval();
});
afterAll(() => relval.remove());

function jdl(name: string, text: string): string {
  const path = join(relval.dir, name);
  writeFileSync(path, text);
  return path;
}

/** Every one of these must be told on stderr, end with 2, and leave no run behind. */
async function refused(...args: string[]): Promise<string> {
  const { code, stderr, stdout } = await relval.run(...args);
  expect(code, stdout + stderr).toBe(2);
  expect(existsSync(relval.runs)).toBe(false);
  expect(stderr).toMatch(/^relval: /m);
  expect(stderr).not.toMatch(/^\s+at /m);
  return stderr;
}

describe('bad input ends with status 2 and one clear message, and leaves no run directory', () => {
  it('a file that does not exist', async () => {
    expect(await refused('run', 'nothing.jdl', '--local')).toContain('nothing.jdl');
  });

  it('a directory', async () => {
    mkdirSync(join(relval.dir, 'folder.jdl'));
    expect(await refused('run', 'folder.jdl', '--local')).toMatch(/directory/);
  });

  it.each([
    ['policy', 'components.yaml', /components\.yaml:\d+:\d+: .*components/],
    ['components', 'policies/default.yaml', /policies\/default\.yaml:\d+:\d+: .*failOn/],
    ['rules', 'policies/default.yaml', /policies\/default\.yaml:\d+:\d+: .*failOn/],
    ['config', 'components.yaml', /components\.yaml:\d+:\d+: .*components/],
  ])("one of relval's own files for something else: --%s", async (option, name, message) => {
    const file = join(ROOT, 'validation', 'checks', name);
    expect(await refused('run', GPMC, '--local', `--${option}`, file)).toMatch(message);
  });

  it('an unreadable file', async () => {
    const path = jdl('secret.jdl', 'Executable = "x";');
    chmodSync(path, 0o000);
    // root reads everything: then the file is only a JDL of an unknown kind
    expect(await refused('run', path, '--local')).toContain('secret.jdl');
  });

  it('the negation of a flag with a value', async () => {
    for (const [command, flag] of [
      [['report'], 'reference'],
      [['list'], 'status'],
      [['run', 'x.jdl'], 'set'],
    ] as const) {
      expect(await refused(...command, `--no-${flag}`)).toContain(`--${flag} has a value`);
    }
  });

  it('an empty file', async () => {
    expect(await refused('run', jdl('empty.jdl', ''), '--local')).toMatch(/empty\.jdl.*empty|empty\.jdl: .*nothing/s);
  });

  it('no Executable', async () => {
    expect(await refused('run', jdl('noexe.jdl', 'Split = "production:1-2";\n'), '--local')).toMatch(
      /noexe\.jdl.*Executable/,
    );
  });

  it('a job type that is neither MC nor Reco, with the position of the key', async () => {
    const path = jdl('odd.jdl', '# odd\nExecutable = "/bin/odd.sh";\n');
    expect(await refused('run', path, '--local')).toMatch(/odd\.jdl:2:\d+: .*neither/);
  });

  it('a missing input file, with the position of its entry', async () => {
    const text =
      'Executable = "/x/aliroot_dpgsim.sh";\nSplit = "production:1-2";\nOutputDir = "out/#alien_counter#";\nInputFile = {\n  "LF:/x/absent.cfg"\n};\n';
    expect(await refused('run', jdl('missing.jdl', text), '--local')).toMatch(/missing\.jdl:5:\d+: .*absent\.cfg/s);
  });

  it('a malformed statement, with the line and a caret', async () => {
    const stderr = await refused('plan', jdl('broken.jdl', 'Executable = "x;\n'));
    expect(stderr).toMatch(/broken\.jdl:1:\d+/);
    expect(stderr).toContain('^');
  });

  it('neither --local nor --catalog, and both', async () => {
    expect(await refused('run', GPMC)).toContain('--catalog');
    expect(await refused('run', GPMC, '--local', '--catalog', 'localhost:9097')).toContain('--catalog');
  });

  it('an unknown stage, an unknown flag, an unknown command, an unknown run', async () => {
    expect(await refused('run', GPMC, '--local', '--start-at', 'nowhere')).toContain('simQaMerge');
    expect(await refused('run', GPMC, '--locall')).toContain('locall');
    expect(await refused('rum')).toMatch(/run/);
    expect(await refused('status', 'nothing')).toContain('no runs');
  });

  it('a number that is none, and a flag given twice', async () => {
    for (const retries of ['many', '-1', '1.5']) {
      expect(await refused('run', GPMC, '--local', `--retries=${retries}`)).toContain('--retries: ');
    }
    for (const flag of ['--stop-at', '--name', '--image'])
      expect(await refused('run', GPMC, '--local', flag, 'process', flag, 'process')).toContain(
        `${flag}: it has one value`,
      );
  });

  it('a part of a run without what it needs', async () => {
    expect(await refused('run', GPMC, '--local', '--start-at', 'simQaMerge')).toContain('--from RUN');
    expect(await refused('run', GPMC, '--local', '--only', 'simQaPlots', '--from', 'last')).toContain('no runs');
  });

  it('a name that cannot be a directory', async () => {
    expect(await refused('run', GPMC, '--local', '--name', '../up')).toContain('--name');
  });

  it('a directory of runs that cannot be one', async () => {
    const file = jdl('file', '');
    expect(await refused('list', '--runs', file)).toContain(`ENOTDIR: not a directory, scandir '${file}'`);
    expect(await refused('run', GPMC, '--local', '--no-check', '--runs', file)).toContain(`mkdir '${file}'`);
  });
});

it('ends with 3, not with the 1 of a release that has failed, when relval itself cannot go on', async () => {
  const run = join(relval.dir, 'odd');
  const record = {
    ...{ schema: 'relval-run-1', id: 'odd', name: 'odd', workflow: 'w', state: 'running', project: 'p', created: 1 },
    request: { input: 'w.yaml', set: [], setAppend: [], lenient: false, local: true },
    process: { pid: 1, start: '', host: 'elsewhere' },
    totals: { steps: 1, succeeded: 0, failed: 0, broken: 0, running: 0 },
  };
  mkdirSync(join(run, 'events.ndjson'), { recursive: true });
  writeFileSync(join(run, 'run.json'), JSON.stringify(record));
  expect(await relval.run('status', run)).toMatchObject({
    code: 3,
    stderr: `relval: ${join(run, 'events.ndjson')} is not a regular file\n`,
  });
});

describe('relval without an error', () => {
  it('has help for every command', async () => {
    for (const command of ['plan', 'generate', 'run', 'resume', 'stop', 'list', 'status', 'logs', 'report', 'doctor']) {
      const { code, stdout } = await relval.run(command, '--help');
      expect(code, command).toBe(0);
      expect(stdout, command).toContain(`relval ${command}`);
    }
  });

  it('runs nothing and leaves nothing with --dry-run', async () => {
    const { code, stdout } = await relval.run('run', GPMC, '--local', '--dry-run');
    expect(code).toBe(0);
    expect(stdout).toContain('9 steps');
    expect(existsSync(relval.runs)).toBe(false);
  });

  it('tells what is missing: tool, purpose, and the command that installs it', async () => {
    const { child, ended } = relval.start('doctor');
    child.unref();
    const { code, stdout } = await ended;
    expect(stdout).toContain('coop-computing-tools');
    expect([0, 2]).toContain(code);
  });
});
