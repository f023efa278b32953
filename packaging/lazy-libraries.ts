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
 * - yargs formats the help of a command before it runs the command, 20 ms, and keeps it for errors that the command throws.
 *   Our commands throw errors without the help.
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
    file: '/yargs/build/lib/command.js',
    replace: [['yargs.getInternalMethods().getUsageInstance().cacheHelpMessage();', '']],
  },
];

/** Leaves this work out of the bundles. @throws Error when a library no longer has these lines: see whether it still needs a change */
export function lazyLibraries(): Plugin {
  return {
    name: 'lazy-libraries',
    transform(code, id) {
      const change = CHANGES.find(({ file }) => id.endsWith(file));
      if (!change) return undefined;
      return change.replace.reduce((text, [from, to]) => {
        if (!text.includes(from)) throw new Error(`${id} does not contain ${from}: see packaging/lazy-libraries.ts`);
        return text.replace(from, to);
      }, code);
    },
  };
}
