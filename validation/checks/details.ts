/** Messages of several lines: the lines behind the first one that say what is wrong. */

/** A form that a message of several lines has. */
interface Form {
  /** What the first line holds. */
  begins: RegExp;
  /** What is taken of the lines behind: the first line that matches each; of its groups the first, where it has one. */
  takes: readonly RegExp[];
  /** A line that ends the message. */
  ends?: RegExp;
  /** Lines behind the first one that are looked at. */
  within: number;
}

const FORMS: readonly Form[] = [
  {
    begins: /-- ?Begin Fatal Exception/,
    takes: [/^An exception of category '[^']*'/, /^\s+\[\d+\] (Calling method for .*)/],
    ends: /-- ?End Fatal Exception/,
    within: 40,
  },
  { begins: /terminate called after throwing/, takes: [/^\s*(what\(\):.*)/], within: 3 },
  {
    begins: /E{4} -+ G4Exception-START|W{4} -+ G4Exception-START|\*\*\* G4Exception ?:/,
    takes: [
      /^\s*(?:\*\*\* )?(G4Exception ?:.*)/,
      /^\s*(issued by ?:.*)/,
      /^\s*\*\*\* .*(?:Exception|Argument|Aborted|warning).*\*\*\*.*/,
    ],
    ends: /G4Exception-END/,
    within: 25,
  },
];

const TRACEBACK = /Traceback \(most recent call last\)/;

/** Lines of the text that says what a message of several lines is about, as indices of `behind`. */
export interface Detail {
  text: string;
  lines: number[];
}

/**
 * What the lines behind a line add to its message: the category of a CMS exception, the exception at the end of a Python
 * traceback, what() of a C++ exception, the code of an exception of Geant4. Undefined where it has no such lines.
 */
export function detailOf(line: string, behind: readonly string[]): Detail | undefined {
  if (TRACEBACK.test(line)) return ofTraceback(line, behind);
  const form = FORMS.find(({ begins }) => begins.test(line));
  if (!form) return undefined;
  const end = form.ends ? behind.findIndex((text) => form.ends?.test(text)) : -1;
  const looked = behind.slice(0, Math.min(form.within, end === -1 ? form.within : end));
  const taken = form.takes.flatMap((pattern) => {
    const index = looked.findIndex((text) => pattern.test(text));
    const [all = '', part] = pattern.exec(looked[index] ?? '') ?? [];
    return index === -1 ? [] : [{ index, text: (part ?? all).trim() }];
  });
  // The text of a Geant4 exception or of a CMS one has no mark of its own: it stands behind a line that has.
  const heading = looked.findIndex((text) => /^\s*issued by ?:|^Exception Message:/.test(text));
  const message = looked[heading + 1];
  if (heading !== -1 && message !== undefined && !taken.some(({ index }) => index === heading + 1)) {
    taken.push({ index: heading + 1, text: message.trim() });
  }
  return joined(taken);
}

/** Of a traceback the last line, which is the first that is not indented, and the innermost function. */
function ofTraceback(line: string, behind: readonly string[]): Detail | undefined {
  // What a logger writes before each line of it.
  const prefix = line.slice(0, line.indexOf('Traceback'));
  const texts = behind.map((text) => (prefix !== '' && text.startsWith(prefix) ? text.slice(prefix.length) : text));
  const last = texts.findIndex((text) => /^\S/.test(text));
  if (last === -1 || TRACEBACK.test(texts[last] ?? '')) return undefined;
  const frames = texts
    .slice(0, last)
    .flatMap((text) => /^\s+File "(.*)", line \d+, in (.*)/.exec(text)?.slice(1, 3).join(' ') ?? []);
  const [file = '', name = ''] = (frames.at(-1) ?? '').split(/ (?=[^ ]*$)/);
  const place = file === '' ? '' : ` (${file.replace(/.*\//, '')}${name === '<module>' ? '' : `, ${name}`})`;
  return joined([{ index: last, text: `${(texts[last] ?? '').trim()}${place}` }]);
}

function joined(taken: readonly { index: number; text: string }[]): Detail | undefined {
  if (taken.length === 0) return undefined;
  return { text: taken.map(({ text }) => text).join(' '), lines: taken.map(({ index }) => index) };
}
