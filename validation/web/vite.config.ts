import { defineConfig } from 'vite';

/** The page has only a few files, and nothing inline, so that the content security policy needs no exception. */
export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: '../../dist/validation/web',
    emptyOutDir: true,
    license: { fileName: 'licences.txt' },
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
