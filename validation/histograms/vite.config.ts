import { defineConfig } from 'vite';

/**
 * The process that reads ROOT files, as one file with the libraries in it: jsroot would bring 85 packages to everybody who
 * installs relval, of which reading uses none.
 */
export default defineConfig({
  root: import.meta.dirname,
  ssr: { noExternal: true },
  build: {
    ssr: 'read/program.ts',
    outDir: '../../dist/validation/histograms',
    emptyOutDir: false,
    target: 'node20.19',
    minify: false,
    license: { fileName: 'read-program-licences.md' },
    // Reading never comes to these: unzip.ts has another library for ZSTD, and nothing is fetched.
    rolldownOptions: {
      external: ['@oneidentity/zstd-js', /\/base\/zstd\.mjs$/, 'tmp', 'xhr2'],
      output: { entryFileNames: 'read-program.mjs', codeSplitting: false },
    },
    reportCompressedSize: false,
  },
});
