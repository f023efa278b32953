import type { Plugin } from 'vite';

/**
 * Makes these bundles programs that Node.js starts as CommonJS, by a `package.json` beside each: all else in the package is modules.
 * To start a module, Node.js reads it in several steps, in other threads, which takes 5 ms more.
 * @param bundles paths below the output directory, without `.js`
 */
export function quickStarts(bundles: readonly string[]): Plugin {
  return {
    name: 'quick-starts',
    generateBundle(_, bundle) {
      for (const name of bundles) {
        const chunk = bundle[`${name}.js`];
        if (chunk?.type !== 'chunk') this.error(`there is no bundle ${name}.js`);
        if (chunk.code.includes('release-validation/'))
          this.error(
            `${name}.js looks for a file of the package by its name, which another package.json beside it hides`,
          );
        chunk.code = `#!/usr/bin/env node\n${chunk.code}`;
        const fileName = name.replace(/[^/]*$/, 'package.json');
        this.emitFile({ type: 'asset', fileName, source: '{"type":"commonjs"}\n' });
      }
    },
  };
}
