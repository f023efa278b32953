import type { Plugin } from 'vite';

/**
 * Writes the few letters above U+00FF in the bundles (such as … and ’) as `\uXXXX`. V8 keeps the text of a program in memory, with one
 * byte for each letter if all of them are below, and with two if a single one is not.
 */
export function oneByte(): Plugin {
  return {
    name: 'one-byte',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'chunk') continue;
        if (/\braw`[^`]*[^\0-\xff]/.test(file.code))
          this.error(`${file.fileName} has a raw text that cannot be escaped`);
        file.code = escaped(file.code);
      }
    },
  };
}

/** Text of a program with the same meaning. In strings, templates, expressions and names these escapes stand for the letter. */
export function escaped(code: string): string {
  // A backslash belongs to what follows it: `\…` is the letter too.
  return code.replace(/\\[\0-\xff]|\\?([^\0-\xff])/g, (text, unit: string | undefined) =>
    unit === undefined ? text : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
