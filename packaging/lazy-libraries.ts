import type { Plugin } from 'vite';

/** A file of a library, what to replace in it, and why. */
interface Change {
  /** End of the file's path. */
  file: string;
  replace: readonly (readonly [from: string, to: string])[];
}

/**
 * Work that libraries do at each start of a command, although hardly any command needs the result. CPU time on Node.js 20:
 * - string-width makes a segmenter of texts, 10 ms. It measures columns of help texts only.
 * - string-width 8 contains a regular expression of all emoji, and V8 lists them all when it parses the file, 14 ms.
 * - yargs formats the help of a command before it runs the command, 20 ms, and keeps it for errors that the command throws.
 *   Our commands throw errors without the help.
 * - yargs looks for the version of the program, 2 ms. Our commands say theirs.
 */
const CHANGES: readonly Change[] = [
  {
    file: '/string-width/index.js',
    replace: [
      ['const segmenter = new Intl.Segmenter();', 'let segmenter;'],
      ['segmenter.segment(string)', '(segmenter ??= new Intl.Segmenter()).segment(string)'],
    ],
  },
  {
    file: '/yargs/node_modules/string-width/index.js',
    replace: [
      ['const rgiEmojiRegex = /^\\p{RGI_Emoji}$/v;', 'let rgiEmojiRegex;'],
      ['rgiEmojiRegex.test(segment)', "(rgiEmojiRegex ??= new RegExp('^\\\\p{RGI_Emoji}$', 'v')).test(segment)"],
    ],
  },
  {
    file: '/yargs/build/lib/command.js',
    replace: [['yargs.getInternalMethods().getUsageInstance().cacheHelpMessage();', '']],
  },
  {
    file: '/yargs/build/lib/yargs-factory.js',
    replace: [['yargs.help();\n        yargs.version();', 'yargs.help();']],
  },
  // yargs can take settings from a module, which relval does not use. `import.meta.resolve` does not exist in CommonJS.
  {
    file: '/yargs/build/lib/utils/apply-extends.js',
    replace: [['import.meta.resolve(config.extends)', 'config.extends']],
  },
];

/** Leaves this work out of the bundles. @throws Error when a library no longer has these lines: see whether it still needs a change */
export function lazyLibraries(): Plugin {
  return {
    name: 'lazy-libraries',
    transform(code, id) {
      const changes = CHANGES.filter(({ file }) => id.endsWith(file)).flatMap(({ replace }) => replace);
      if (changes.length === 0) return undefined;
      return changes.reduce((text, [from, to]) => {
        if (!text.includes(from)) throw new Error(`${id} does not contain ${from}: see packaging/lazy-libraries.ts`);
        // A function, because `$` in a text has a meaning here.
        return text.replace(from, () => to);
      }, code);
    },
  };
}
