import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');

/** The files of the package that come from the sources; what the build makes may not be there. */
function packed(): string[] {
  const options = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'];
  const [{ files }] = JSON.parse(execFileSync('npm', options, { cwd: ROOT, encoding: 'utf8' }));
  return files.map(({ path }: { path: string }) => path);
}

/** What the programs look for by the name of the package. */
function wanted(): string[] {
  return ['framework', 'validation'].flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(join(ROOT, top, file), 'utf8').matchAll(/['`]release-validation\/([^'`$]+)(['`$])/g),
      ])
      .map(([, path = '', end]) => (end === '$' ? path.slice(0, path.lastIndexOf('/') + 1) : path)),
  );
}

describe('the npm package', () => {
  const files = packed();

  it('has every file that the programs look for', () => {
    const missing = wanted().filter((path) => !path.startsWith('dist/') && !files.some((one) => one.startsWith(path)));
    expect(missing).toEqual([]);
    expect(wanted().length).toBeGreaterThan(8);
  });

  it('has no tests, no sources and no single modules', () => {
    const unwanted = files.filter((path) => /^(test|packaging|dist\/modules)\/|\.tsx?$|setup\.mjs$/.test(path));
    expect(unwanted).toEqual([]);
  });

  it('has no dependencies: all libraries are in the bundles', () => {
    const {
      dependencies,
      private: isPrivate,
      license,
      engines,
    } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect({ dependencies, isPrivate, license }).toEqual({ license: 'Apache-2.0' });
    expect(engines).toEqual({ node: '>=20.19' });
  });
});
