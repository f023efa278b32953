import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findSettings, type SettingsPlace } from '../../../validation/config/find.ts';
import { effectiveOptions, type Given } from '../../../validation/config/layers.ts';
import { loadSettings } from '../../../validation/config/load.ts';
import { InputError } from '../../../validation/input/input-error.ts';
import { CLI } from '../../e2e/relval.ts';

tmp.setGracefulCleanup();
let folder: tmp.DirResult;
beforeEach(() => {
  folder = tmp.dirSync({ unsafeCleanup: true });
});
afterEach(() => folder.removeCallback());

function write(text: string, name = 'relval.yaml'): string {
  const path = join(realpathSync(folder.name), name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** A file that is given with `--config`. */
function named(text: string): SettingsPlace {
  return { file: write(text), found: false };
}

function refused(text: string): string {
  try {
    loadSettings(named(text));
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message.replaceAll(`${realpathSync(folder.name)}/`, '');
  }
  throw new Error('was accepted');
}

/** Name → [value, where from]. */
function options(text: string, given: Partial<Given> = {}, section?: string): Record<string, [unknown, string]> {
  const file = loadSettings(named(text));
  const all = effectiveOptions(file, { env: {}, flags: {}, ...given }, section);
  return Object.fromEntries(
    all.map(({ name, value, from }) => [name, [value, from.replace(`${realpathSync(folder.name)}/`, '')]]),
  );
}

describe('which file counts', () => {
  it('is the one in the current directory or the nearest above it, then the home, then the system', () => {
    const far = write('');
    const near = write('', 'a/relval.yaml');
    const home = write('', 'home/relval/relval.yaml');
    const env = { XDG_CONFIG_HOME: join(folder.name, 'home') };
    mkdirSync(join(folder.name, 'a/b/c'), { recursive: true });
    mkdirSync(join(folder.name, 'd'));
    expect(findSettings(join(realpathSync(folder.name), 'a/b/c'), env)).toBe(near);
    expect(findSettings(join(realpathSync(folder.name), 'd'), env)).toBe(far);
    expect(findSettings('/', env)).toBe(join(folder.name, 'home/relval/relval.yaml'));
    expect(home).toContain('home/relval/relval.yaml');
  });
});

/** Another user: no process of ours runs as it. */
const OTHER = 65_534;

describe('a file that was found, and that another user can have written', () => {
  const found = (file: string) => loadSettings({ file, found: true });
  const isRoot = process.getuid?.() === 0;

  it('is refused when its group or everybody may write it', () => {
    const file = write('runs: /tmp/elsewhere');
    const { uid } = statSync(file);
    chmodSync(file, 0o644);
    expect(found(file).settings.runs).toBe('/tmp/elsewhere');
    chmodSync(file, 0o646);
    expect(() => found(file)).toThrow(
      /everybody may write it \(change that with chmod o-w\)[\s\S]*--config .*--no-config/,
    );
    chmodSync(file, 0o664);
    if (isRoot) {
      chownSync(file, uid, uid + 1);
      expect(() => found(file)).toThrow(/its group 1 may write it/);
      // The private group of its owner.
      chownSync(file, uid, uid);
      expect(found(file).settings.runs).toBe('/tmp/elsewhere');
    }
  });

  it('is refused when it is a named pipe, and nobody waits for its writer', () => {
    const file = join(realpathSync(folder.name), 'relval.yaml');
    execFileSync('mkfifo', [file]);
    expect(() => found(file)).toThrow(/is not a regular file/);
  });

  it.runIf(isRoot)(
    'is refused when it belongs to that user, wherever it lies (needs root: else no file can be given away)',
    () => {
      const file = write('runs: /tmp/elsewhere');
      chownSync(file, OTHER, OTHER);
      expect(() => found(file)).toThrow(/belongs to another user \(number 65534\)[\s\S]*--config/);
      expect(loadSettings({ file, found: false }).settings.runs).toBe('/tmp/elsewhere');
      // As git does it for root that comes by sudo.
      vi.stubEnv('SUDO_UID', String(OTHER));
      expect(found(file).settings.runs).toBe('/tmp/elsewhere');
      vi.unstubAllEnvs();
    },
  );

  it.runIf(isRoot)('is refused when a link of that user leads to a file of ours (needs root)', () => {
    const file = join(realpathSync(folder.name), 'relval.yaml');
    symlinkSync(write('runs: x', 'ours.yaml'), file);
    expect(found(file).settings.runs).toContain('/x');
    lchownSync(file, OTHER, OTHER);
    expect(() => found(file)).toThrow(/belongs to another user/);
  });

  /** A checkout may lie where only its owner can read. */
  const canOthers = isRoot && spawnSync(process.execPath, [CLI, '--help'], { uid: OTHER, gid: OTHER }).status === 0;
  it.runIf(canOthers)('is used by nobody but its owner (needs root to become another user)', () => {
    const file = write('runs: mine');
    chmodSync(folder.name, 0o755);
    chmodSync(file, 0o644);
    const as = (uid: number, owner: number) => {
      chownSync(file, owner, owner);
      const { stdout, stderr } = spawnSync(process.execPath, [CLI, 'config'], {
        cwd: folder.name,
        uid,
        gid: uid,
        env: { PATH: process.env.PATH, HOME: '/nonexistent' },
        encoding: 'utf8',
      });
      return stdout + stderr;
    };
    expect(as(OTHER, OTHER)).toContain('runs');
    expect(as(OTHER, OTHER)).not.toContain('belongs to');
    expect(as(OTHER, 0)).not.toContain('belongs to');
    expect(as(OTHER, 12_345)).toContain('belongs to another user (number 12345)');
  });
});

describe('a mistake is told with its place', () => {
  it.each([
    ['runs: [a', /^relval\.yaml:1:9: /],
    ['runs: 3', /^relval\.yaml:1:7: runs: expected a text, found a number\n {2}1 \| runs: 3\n {4}\| {7}\^/],
    ['run: x', /^relval\.yaml:1:1: unknown key 'run'/],
    ['catalog: host', /^relval\.yaml:1:10: catalog: expected HOST:PORT/],
    ['catalog: host:99999', /expected HOST:PORT/],
    ['retries: -1', /^relval\.yaml:1:10: retries: /],
    ['serve:\n  listen: x', /^relval\.yaml:2:11: serve\.listen: expected HOST:PORT/],
    ['serve:\n  frameworks:\n    - ftp://x', /^relval\.yaml:3:7: serve\.frameworks\.0: expected http/],
    ['serve:\n  publicUrl: https://a:b@c', /must not contain a user or password/],
    ['- runs', /^relval\.yaml:1:1: expected a map of keys and values, found a list/],
    ['runs: a\nruns: b', /^relval\.yaml:2:1: .*unique/],
    ['notify:\n  channels:\n    - type: fax', /^relval\.yaml:3:13: notify\.channels\.0\.type/],
    [
      'notify:\n  channels:\n    - type: jira\n      url: https://j',
      /3:7: notify\.channels\.0: exactly one of tokenFile/,
    ],
    ['notify:\n  channels:\n    - type: slack\n      url: https://s', /4:7: notify\.channels\.0: unknown key 'url'/],
  ])('%j', (text, message) => {
    expect(refused(text)).toMatch(message);
  });

  it('all of them, in the order of the file', () => {
    const lines = refused('runs: 1\nfoo: 2\nserve:\n  listen: 3\n').match(/^relval\.yaml:\d+/gm);
    expect(lines).toEqual(['relval.yaml:1', 'relval.yaml:2', 'relval.yaml:4']);
  });

  it('of a file that is not there, too', () => {
    expect(() => loadSettings({ file: join(folder.name, 'no.yaml'), found: false })).toThrow(/no\.yaml: no such file/);
  });

  it('of a variable by its name', () => {
    expect(() => options('', { env: { RELVAL_LOCAL_CPUS: 'many' } })).toThrow(/^\$RELVAL_LOCAL_CPUS: .*number/);
  });
});

describe('what counts', () => {
  it('flags beat the environment, which beats the file, which beats the defaults', () => {
    const text = 'retries: 1\nlocalCpus: 1\nlocalMemory: 1';
    const env = { RELVAL_RETRIES: '2', RELVAL_LOCAL_CPUS: '2', RELVAL_RUNS: '' };
    expect(options(text, { env, flags: { retries: 3 } })).toMatchObject({
      retries: [3, 'command line'],
      localCpus: [2, '$RELVAL_LOCAL_CPUS'],
      localMemory: [1, 'relval.yaml:3:1'],
      runs: [join(process.cwd(), 'runs'), 'default'],
      catalog: [undefined, 'default'],
    });
  });

  it('paths are relative to the file they stand in', () => {
    expect(options('runs: ../x').runs?.[0]).toBe(join(dirname(realpathSync(folder.name)), 'x'));
    expect(options('runs: ~/x').runs?.[0]).toBe(join(homedir(), 'x'));
    expect(options('', { env: { RELVAL_RUNS: 'x' } }).runs?.[0]).toBe(join(process.cwd(), 'x'));
    expect(loadSettings(named('serve: {tokenFile: t}')).settings.serve.tokenFile).toBe(
      join(realpathSync(folder.name), 't'),
    );
  });

  it('of a place and HTCondor the nearer one counts', () => {
    const condor = 'batch: condor\nschedd: q1@h';
    expect(options(condor, { flags: { local: true } })).toMatchObject({
      local: [true, 'command line'],
      batch: [undefined, 'default'],
      schedd: [undefined, 'default'],
    });
    const queue = 'catalog: c:9097\npassword: p';
    expect(options(queue, { flags: { batch: 'condor' } })).toMatchObject({
      batch: ['condor', 'command line'],
      catalog: [undefined, 'default'],
      password: [undefined, 'default'],
    });
    expect(options(queue, { flags: { batch: 'wq' } })).toMatchObject({ catalog: ['c:9097', 'relval.yaml:1:1'] });
  });

  it('of local and catalog the nearer one counts', () => {
    const file = 'catalog: c:9097';
    expect(options(file, { flags: { local: true } })).toMatchObject({
      local: [true, 'command line'],
      catalog: [undefined, 'default'],
    });
    expect(options('local: true', { env: { RELVAL_CATALOG: 'd:1' } })).toMatchObject({
      local: [false, 'default'],
      catalog: ['d:1', '$RELVAL_CATALOG'],
    });
    expect(options(file, { flags: { local: false } })).toMatchObject({ catalog: ['c:9097', 'relval.yaml:1:1'] });
    expect(options(`${file}\nlocal: true`)).toMatchObject({
      local: [true, 'relval.yaml:2:1'],
      catalog: ['c:9097', 'relval.yaml:1:1'],
    });
  });

  it('what a run is judged by is of those who run something: a report is of what the run was judged by', () => {
    const text = 'rules: [mine.yaml]\npolicy: strict.yaml\ncomponents: contacts.yaml';
    const own = (name: string): string => join(realpathSync(folder.name), name);
    expect(options(text, {}, 'run')).toMatchObject({
      rules: [[own('mine.yaml')], 'relval.yaml:1:1'],
      policy: [own('strict.yaml'), 'relval.yaml:2:1'],
      components: [own('contacts.yaml'), 'relval.yaml:3:1'],
    });
    expect(options(text, {}, 'report')).not.toHaveProperty('rules');
    expect(options('policy: default', {}, 'run').policy?.[0]).toBe('default');
  });

  it('keys of a section are flags of the command of its name', () => {
    const env = { RELVAL_SERVE_ALLOWED_HOSTS: '[a, b]' };
    expect(options('serve: {listen: "0.0.0.0:1"}', { env }, 'serve')).toMatchObject({
      'serve.listen': ['0.0.0.0:1', 'relval.yaml:1:9'],
      'serve.allowedHosts': [['a', 'b'], '$RELVAL_SERVE_ALLOWED_HOSTS'],
    });
    expect(options('serve: {listen: "0.0.0.0:1"}', { env }, 'run')).not.toHaveProperty('serve.listen');
  });
});
