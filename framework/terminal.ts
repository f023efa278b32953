/** What a terminal would obey, what changes the order of letters, and what cannot be seen. Tabs are left as they are. */
const OBEYED = /(?!\t)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Prints lines on stdout. Project names, hosts and reasons come from the network: what a terminal would obey in them, line
 * feeds included, is shown as `\u001b`.
 */
export function say(...lines: readonly string[]): void {
  console.log(lines.map(visible).join('\n'));
}

/** The same on stderr, for why the command does not go on. Lines after the first stand further in. */
export function sayError(message: string): void {
  const [first = '', ...others] = message.split('\n');
  console.error([`mesos-workqueue-framework: ${first}`, ...others.map((line) => `  ${line}`)].map(visible).join('\n'));
}

/** Prints JSON on stdout. */
export function sayJson(value: unknown): void {
  console.log(visibleJson(JSON.stringify(value, null, 2)));
}

/** Where the log goes that is written to `output`: each record stays JSON, and nothing in it is obeyed by a terminal. */
export function fitForTerminals(output: { write(text: string): void }): { write(text: string): void } {
  return { write: (record) => output.write(visibleJson(record)) };
}

/** Columns of text for `--help`. */
export const helpWidth = Math.min(120, process.stdout.columns ?? 100);

/** In JSON a line feed stands between values only: within a text it is `\n` already. */
function visibleJson(text: string): string {
  return text.replace(/(?!\n)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escaped);
}

function visible(text: string): string {
  return text.replace(OBEYED, escaped);
}

/** As in JSON. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((code) => `\\u${code.toString(16).padStart(4, '0')}`)
    .join('');
}
