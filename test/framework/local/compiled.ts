import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const ROOT = dirname(createRequire(import.meta.url).resolve('release-validation/package.json'));

export interface Compiled {
  /** The module as JavaScript. */
  module: string;
  remove(): void;
}

/**
 * Compiles a module with all modules that it loads, to run it in its own process: Node.js 20 does not run TypeScript.
 * @param source its path from the root of the project
 */
export function compile(source: string): Compiled {
  const parent = join(ROOT, 'dist');
  mkdirSync(parent, { recursive: true });
  const directory = mkdtempSync(join(parent, 'local-master-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    const config = {
      extends: join(ROOT, 'tsconfig.build.json'),
      compilerOptions: { rootDir: ROOT, outDir: directory, incremental: false, tsBuildInfoFile: null },
      include: [],
      files: [join(ROOT, source)],
    };
    writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
    execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', directory], { stdio: 'pipe' });
    return { module: join(directory, source.replace(/\.ts$/, '.js')), remove };
  } catch (error) {
    remove();
    const { stdout } = error as { stdout?: Buffer };
    throw new Error(`${source} does not compile: ${stdout ?? error}`, { cause: error });
  }
}
