/** Messages of several lines: finds the lines after the first one that name the error. */

/** One form of a message of several lines. */
interface Form {
  /** Matches the first line. */
  begins: RegExp;
  /** For each pattern, the first line that matches becomes part of the message: its first group if it has one. */
  takes: readonly RegExp[];
  /** Matches the line that ends the message. */
  ends?: RegExp;
  /** The number of lines after the first one that are searched. */
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

/** The text that the further lines add to a message, and these lines as indices of `behind`. */
export interface Detail {
  text: string;
  lines: number[];
}

/**
 * The text that the lines behind a line add to its message: the category of a CMS exception, the exception at the end of a
 * Python traceback, what() of a C++ exception, the code of a Geant4 exception. Undefined if there are no such lines.
 * @param behind read only as far as needed
 */
export function detailOf(line: string, behind: Iterable<string>): Detail | undefined {
  if (TRACEBACK.test(line)) return ofTraceback(line, behind);
  const form = FORMS.find(({ begins }) => begins.test(line));
  if (!form) return undefined;
  const looked = linesBefore(behind, (text, index) => index === form.within || form.ends?.test(text) === true).before;
  const taken = form.takes.flatMap((pattern) => {
    const index = looked.findIndex((text) => pattern.test(text));
    const [all = '', part] = pattern.exec(looked[index] ?? '') ?? [];
    return index === -1 ? [] : [{ index, text: (part ?? all).trim() }];
  });
  // No pattern can find the text of a Geant4 or CMS exception: it is the line after one of these headings.
  const heading = looked.findIndex((text) => /^\s*issued by ?:|^Exception Message:/.test(text));
  const message = looked[heading + 1];
  if (heading !== -1 && message !== undefined && !taken.some(({ index }) => index === heading + 1)) {
    taken.push({ index: heading + 1, text: message.trim() });
  }
  return joined(taken);
}

/** The last line of a traceback, which is the first one without indentation, and its innermost function. */
function ofTraceback(line: string, behind: Iterable<string>): Detail | undefined {
  // A logger may write the same prefix before each line of the traceback.
  const prefix = line.slice(0, line.indexOf('Traceback'));
  const own = (text: string): string => (text.startsWith(prefix) ? text.slice(prefix.length) : text);
  const { before, next } = linesBefore(behind, (text) => /^\S/.test(own(text)));
  const last = own(next ?? '');
  if (next === undefined || TRACEBACK.test(last)) return undefined;
  const frames = before.flatMap(
    (text) => /^\s+File "(.*)", line \d+, in (.*)/.exec(own(text))?.slice(1, 3).join(' ') ?? [],
  );
  const [file = '', name = ''] = (frames.at(-1) ?? '').split(/ (?=[^ ]*$)/);
  const place = file === '' ? '' : ` (${file.replace(/.*\//, '')}${name === '<module>' ? '' : `, ${name}`})`;
  return joined([{ index: before.length, text: `${last.trim()}${place}` }]);
}

/** The lines before the first one that is the end, and that one. */
function linesBefore(
  lines: Iterable<string>,
  isEnd: (text: string, index: number) => boolean,
): { before: string[]; next?: string } {
  const before: string[] = [];
  for (const line of lines) {
    if (isEnd(line, before.length)) return { before, next: line };
    before.push(line);
  }
  return { before };
}

function joined(taken: readonly { index: number; text: string }[]): Detail | undefined {
  if (taken.length === 0) return undefined;
  return { text: taken.map(({ text }) => text).join(' '), lines: taken.map(({ index }) => index) };
}
