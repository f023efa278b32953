import { defineConfig } from 'vite';

/**
 * Builds the program that reads ROOT files as one file with its libraries. Otherwise jsroot would bring 85 packages to every
 * installation of relval, although reading uses none of them.
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
    // Reading never uses these: unzip.ts has another library for ZSTD, and the program fetches nothing.
    rolldownOptions: {
      external: ['@oneidentity/zstd-js', /\/base\/zstd\.mjs$/, 'tmp', 'xhr2'],
      output: { entryFileNames: 'read-program.mjs', codeSplitting: false },
    },
    reportCompressedSize: false,
  },
});
