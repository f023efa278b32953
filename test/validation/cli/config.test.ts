import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GPMC, Relval } from '../../e2e/relval.ts';

let relval: Relval;
let file: string;
beforeAll(() => {
  relval = new Relval();
  file = join(relval.dir, 'relval.yaml');
  writeFileSync(file, 'runs: from-file\ncatalog: 127.0.0.1:1\nserve:\n  listen: 0.0.0.0:99\n');
});
afterAll(() => relval.remove());

describe('relval config', () => {
  it('shows each value and where it comes from', async () => {
    const { code, stdout } = await relval.run('config', '--config', file);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^runs +\S+ +\$RELVAL_RUNS$/m);
    expect(stdout).toMatch(/^catalog +127\.0\.0\.1:1 +.*relval\.yaml:2:1$/m);
    expect(stdout).toMatch(/^localCpus +- +default$/m);
    expect(stdout).toMatch(/^serve: {2}# .*relval\.yaml:3:1\n {2}listen: 0\.0\.0\.0:99$/m);
  });

  it('as JSON, and its schema, for programs', async () => {
    const { stdout } = await relval.run('config', '--config', file, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      file,
      options: { catalog: { value: '127.0.0.1:1', from: `${file}:2:1` } },
      serve: { listen: '0.0.0.0:99' },
    });
    const schema = JSON.parse((await relval.run('config', '--schema')).stdout);
    expect(schema.properties).toHaveProperty('notify');
  });
});

describe('a command takes its flags from the file', () => {
  it('where they are not given otherwise', async () => {
    mkdirSync(join(relval.dir, 'given'));
    const given = await relval.run('list', '--config', file, '--runs', join(relval.dir, 'given'));
    expect(given.stdout).toBe(`no runs in ${join(relval.dir, 'given')}\n`);
    const fromEnvironment = await relval.run('list', '--config', file);
    expect(fromEnvironment.stdout).toBe(`no runs in ${relval.runs}\n`);
  });

  it('and one that says what a required choice is makes the flag unnecessary', async () => {
    const { code, stderr } = await relval.run('run', GPMC, '--dry-run', '--config', file);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  it('a mistake in it ends every command with 2 and its place', async () => {
    const wrong = join(relval.dir, 'wrong.yaml');
    writeFileSync(wrong, 'runz: x\n');
    const { code, stderr } = await relval.run('list', '--config', wrong);
    expect(code).toBe(2);
    expect(stderr).toBe(`relval: ${wrong}:1:1: unknown key 'runz'\n  1 | runz: x\n    | ^\n`);
    expect((await relval.run('list', '--no-config')).code).toBe(0);
  });
});
