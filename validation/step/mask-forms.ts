/**
 * The forms in which a secret occurs in logs, because programs print it as a part of something else: an HTTP header, a URL,
 * JSON, a shell command, a page. It is a list of fixed texts. Other forms (other encodings, mixtures, a secret that is
 * cut in pieces or compressed) are not found.
 */

/** Shortest form, except the secret itself, in bytes. A shorter text occurs in logs by chance. */
const SHORTEST_FORM = 6;
/** `openssl base64` and `base64` begin a new line after this many characters. Only texts that begin with the secret are broken so. */
const BASE64_LINES = [64, 76];

/** All forms of a secret, the secret itself first. @param secret not empty */
export function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret);
  const others = [
    ...base64Forms(bytes),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    ...urlForms(bytes),
    ...jsonForms(secret),
    ...shellForms(secret),
    ...htmlForms(secret),
  ].map((form) => Buffer.from(form));
  return [bytes, ...others.filter((form) => form.length >= SHORTEST_FORM && !form.equals(bytes))];
}

/**
 * Base64 (RFC 4648) of a text that contains the secret: three bytes become four characters, so the result depends
 * on the position of the secret in such a group. Characters that also depend on its neighbours are left out, except at its end,
 * where nothing or a line feed follows.
 */
function base64Forms(bytes: Buffer): string[] {
  const forms: string[] = [];
  for (const before of [0, 1, 2]) {
    const all = Buffer.concat([Buffer.alloc(before), bytes]);
    const first = Math.ceil((before * 4) / 3);
    const behind = Math.floor((all.length * 4) / 3);
    const padded = all.toString('base64').slice(first);
    forms.push(
      all.toString('base64').slice(first, behind),
      padded,
      padded.replaceAll('=', ''),
      Buffer.concat([all, Buffer.from('\n')])
        .toString('base64')
        .slice(first),
    );
  }
  const atItsBeginning = forms.slice(0, forms.length / 3);
  for (const width of BASE64_LINES) {
    for (const form of atItsBeginning) {
      if (form.length > width) forms.push(form.replace(new RegExp(`.{${width}}(?=.)`, 'g'), '$&\n'));
    }
  }
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** Characters that a URL part keeps, in addition to letters and digits; a blank may become a plus. */
const URL_KEEPS: readonly { keeps: string; plus?: true }[] = [
  { keeps: '-._~' }, // RFC 3986; Java, Python and PHP for parts, curl, jq
  { keeps: '-._~', plus: true }, // Python's quote_plus
  { keeps: '-._*', plus: true }, // forms, by the WHATWG URL standard and Java
  { keeps: '-._', plus: true }, // PHP's urlencode
  { keeps: '-._~/' }, // Python's quote
  { keeps: "-._~!*'()" }, // encodeURIComponent
  { keeps: "-._~!*'();/?:@&=+$,#" }, // encodeURI
];

function urlForms(bytes: Buffer): string[] {
  const forms = [[...bytes].map(percent).join('')];
  for (const { keeps, plus } of URL_KEEPS) {
    const encode = (byte: number): string => {
      const character = String.fromCharCode(byte);
      if (plus && character === ' ') return '+';
      return /[A-Za-z0-9]/.test(character) || keeps.includes(character) ? character : percent(byte);
    };
    forms.push([...bytes].map(encode).join(''));
  }
  return forms.flatMap((form) => [form, form.replace(/%../g, (code) => code.toLowerCase())]);
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** Inside a JSON string, also inside a JSON string that is itself in a JSON string. */
function jsonForms(secret: string): string[] {
  const plain = JSON.stringify(secret).slice(1, -1);
  const unicode = (characters: RegExp) => (text: string) =>
    text.replace(characters, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
  let forms = [plain];
  // The program that writes the JSON chooses each of these.
  for (const choice of [
    (text: string) => text.replaceAll('/', '\\/'),
    unicode(/[\u007f-\uffff]/g),
    unicode(/[<>&]/g),
    unicode(/'/g),
  ]) {
    forms = [...new Set([...forms, ...forms.map(choice)])];
  }
  const upper = forms.map((form) => form.replace(/\\u[0-9a-f]{4}/g, (code) => `\\u${code.slice(2).toUpperCase()}`));
  const nested = forms.map((form) => JSON.stringify(form).slice(1, -1));
  return [...forms, ...upper, ...nested];
}

/** Backslashes before all characters that bash's `printf %q` escapes; a comma since bash 4.2. */
const BACKSLASHED = /[ '"\\|&;()<>!{}*[\]?^$`]/g;
const BACKSLASHED_TOO = /[ '"\\|&;()<>!{}*[\]?^$`,]/g;
const ANSI_C: Record<string, string> = {
  ...{ '\\': '\\\\', "'": "\\'", '\t': '\\t', '\r': '\\r', '\v': '\\v', '\f': '\\f', '\b': '\\b' },
  ...{ '\x07': '\\a', '\x1b': '\\E' },
};

/**
 * The forms that shells write so that they can read them again: bash's `printf %q`, `set -x`, `declare -x` and `export -p`, and
 * Python's shlex.quote and repr.
 */
function shellForms(secret: string): string[] {
  const special = (text: string): string => [...text].map((one) => ANSI_C[one] ?? one).join('');
  const bytes = (text: string, write: (byte: number) => string): string =>
    text.replace(/[^\x20-\x7e]+/g, (some) => [...Buffer.from(some)].map(write).join(''));
  const octal = (byte: number): string => `\\${byte.toString(8).padStart(3, '0')}`;
  const hex = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;
  const backslashed = [BACKSLASHED, BACKSLASHED_TOO].map((all) => secret.replace(all, '\\$&').replace(/^[#~]/, '\\$&'));
  return [
    secret.replaceAll("'", `'\\''`),
    secret.replaceAll("'", `'"'"'`),
    ...backslashed,
    secret.replace(/["$`\\]/g, '\\$&'),
    secret.replace(/["$`\\!]/g, '\\$&'),
    special(secret),
    bytes(special(secret), octal),
    bytes(special(secret), hex),
    bytes(secret.replaceAll('\\', '\\\\'), hex),
  ];
}

/** The escapes of `"` and `'`. */
const HTML_QUOTES = [
  ['"', "'"],
  ['&quot;', "'"],
  ['&quot;', '&#39;'],
  ['&quot;', '&#039;'],
  ['&quot;', '&#x27;'],
  ['&quot;', '&apos;'],
  ['&#34;', '&#39;'],
] as const;

/** In text or attributes of HTML and XML. */
function htmlForms(secret: string): string[] {
  const markup = secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return HTML_QUOTES.flatMap(([double, single]) => {
    const quoted = markup.replaceAll('"', double).replaceAll("'", single);
    const numbered = (write: (code: number) => string): string =>
      quoted.replace(/[\u007f-\u{10ffff}]/gu, (one) => write(one.codePointAt(0) as number));
    return [
      quoted,
      quoted.replaceAll('/', '&#x2F;').replaceAll('`', '&#x60;').replaceAll('=', '&#x3D;'),
      numbered((code) => `&#${code};`),
      numbered((code) => `&#x${code.toString(16)};`),
      numbered((code) => `&#x${code.toString(16).toUpperCase()};`),
    ];
  });
}
