import { defineConfig } from 'vite';
import { lazyLibraries } from './packaging/lazy-libraries.ts';
import { oneByte } from './packaging/one-byte.ts';
import { quickStarts } from './packaging/quick-starts.ts';

const COMMANDS = ['validation/cli/main', 'framework/main'];

/**
 * Bundles each of the two commands with all that it imports: it starts in a third of the time, and an installed package has no
 * dependencies. What a command loads only when it is needed stays a file of its own.
 */
export default defineConfig({
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'dist',
    // Programs that run load parts of their own build later. The script `build` removes parts that are a week old.
    emptyOutDir: false,
    // Their authors ask for that.
    license: { fileName: 'licences.txt' },
    rollupOptions: {
      input: {
        'validation/cli/main': 'validation/cli/main.ts',
        'validation/server/log-diff-worker': 'validation/server/log-diff-worker.ts',
        'validation/server/log-groups-worker': 'validation/server/log-groups-worker.ts',
        'validation/server/history-worker': 'validation/server/history-worker.ts',
        'validation/server/graph-worker': 'validation/server/graph-worker.ts',
        'framework/main': 'framework/main.ts',
      },
      output: {
        // Less to read at each start. Names stay, for the stack of an error.
        minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
        format: 'cjs',
        entryFileNames: ({ name }) => (COMMANDS.includes(name) ? '[name].js' : '[name].cjs'),
        chunkFileNames: 'parts/[name]-[hash].cjs',
      },
    },
  },
  plugins: [lazyLibraries(), quickStarts(COMMANDS), oneByte()],
  ssr: { noExternal: true },
});
