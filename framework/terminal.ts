/** Characters that control a terminal, change the order of letters, or are invisible. Tabs are left as they are. */
const OBEYED = /(?!\t)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Prints lines on stdout. Project names, hosts and reasons come from the network, so characters that control a terminal,
 * line feeds included, are printed as `\u001b`.
 */
export function say(...lines: readonly string[]): void {
  console.log(lines.map(visible).join('\n'));
}

/** Prints on stderr why the command stops. Lines after the first are indented. */
export function sayError(message: string): void {
  const [first = '', ...others] = message.split('\n');
  console.error([`mesos-workqueue-framework: ${first}`, ...others.map((line) => `  ${line}`)].map(visible).join('\n'));
}

/** Prints JSON on stdout. */
export function sayJson(value: unknown): void {
  console.log(visibleJson(JSON.stringify(value, null, 2)));
}

/** A log that writes to `output`. Each record stays JSON, and contains no character that controls a terminal. */
export function fitForTerminals(output: { write(text: string): void }): { write(text: string): void } {
  return { write: (record) => output.write(visibleJson(record)) };
}

/** Width of `--help`, in characters. */
export const helpWidth = Math.min(120, process.stdout.columns ?? 100);

/** In JSON a line feed stands only between values: inside a text it is written as `\n`. */
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
