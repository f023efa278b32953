import type { Plugin } from 'vite';

/** The program of a command, for its file `NAME.cjs`. The line of the command is a module, as all `.js` files of this package. */
const start = (name: string): string =>
  `#!/usr/bin/env node\nimport { createRequire } from 'node:module';\ncreateRequire(import.meta.url)('./${name}.cjs');\n`;

/**
 * Makes a file `NAME.js` beside each of these bundles, which starts it. The bundles are CommonJS, because Node.js loads each file of
 * it at once. It reads a module in four steps, each in another thread, which takes several times as long on a busy machine.
 * @param bundles paths below the output directory, without `.cjs`
 */
export function smallStarts(bundles: readonly string[]): Plugin {
  return {
    name: 'small-starts',
    generateBundle() {
      for (const bundle of bundles) {
        const source = start(bundle.replace(/^.*\//, ''));
        this.emitFile({ type: 'asset', fileName: `${bundle}.js`, source });
      }
    },
  };
}
