import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findSettings } from '../../../validation/config/find.ts';
import { effectiveOptions, type Given } from '../../../validation/config/layers.ts';
import { loadSettings } from '../../../validation/config/load.ts';
import { InputError } from '../../../validation/input/input-error.ts';

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

function refused(text: string): string {
  try {
    loadSettings(write(text));
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message.replaceAll(`${realpathSync(folder.name)}/`, '');
  }
  throw new Error('was accepted');
}

/** Name → [value, where from]. */
function options(text: string, given: Partial<Given> = {}, section?: string): Record<string, [unknown, string]> {
  const file = loadSettings(write(text));
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

  it.runIf(process.getuid?.() === 0)('is none that another user has put where all may write', async () => {
    const { chownSync } = await import('node:fs');
    const planted = write('runs: /tmp/elsewhere');
    chownSync(planted, 65_534, 65_534);
    expect(findSettings(dirname(planted), {})).toBe(planted);
    chmodSync(folder.name, 0o1777);
    expect(() => findSettings(dirname(planted), {})).toThrow(/belongs to another user.*--config/);
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
    ['serve:\n  publicUrl: https://a:b@c', /must not hold a user or password/],
    ['- runs', /^relval\.yaml:1:1: expected a map of keys and values, found a list/],
    ['runs: a\nruns: b', /^relval\.yaml:2:1: .*unique/],
    ['notify:\n  channels:\n    - type: fax', /^relval\.yaml:3:13: notify\.channels\.0\.type/],
    [
      'notify:\n  channels:\n    - type: jira\n      url: https://j',
      /3:7: notify\.channels\.0: exactly one is needed of tokenFile/,
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
    expect(() => loadSettings(join(folder.name, 'no.yaml'))).toThrow(/no\.yaml: no such file/);
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
    expect(loadSettings(write('serve: {tokenFile: t}')).settings.serve.tokenFile).toBe(
      join(realpathSync(folder.name), 't'),
    );
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
