import { setImmediate as otherWork } from 'node:timers/promises';

/** An ad as the tools' `-json` output shows it: expressions are strings of the form `/Expr(…)/`. */
export type JsonAd = Readonly<Record<string, unknown>>;

/** Longest ad, characters. Requirements of 1 MB have been seen. */
const LONGEST = 2 ** 24;
/** After this long, ms, everything else in the process gets its turn: an answer may have 100,000 ads. */
const SLICE_MS = 10;

/**
 * Reads the ads of a tool's `-json` output as they arrive. Each ad is between a line `{` and a line `}`. An empty answer has
 * no ads.
 * @throws SyntaxError
 */
export async function eachAd(chunks: AsyncIterable<string>, take: (ad: JsonAd) => void): Promise<void> {
  const reader = new AdReader();
  let since = performance.now();
  for await (const chunk of chunks) {
    for (const ad of reader.read(chunk)) {
      take(ad);
      if (performance.now() - since < SLICE_MS) continue;
      await otherWork();
      since = performance.now();
    }
  }
  reader.end();
}

/** The ads of a whole answer. @throws SyntaxError */
export function adsOf(text: string): JsonAd[] {
  const reader = new AdReader();
  const ads = [...reader.read(text)];
  reader.end();
  return ads;
}

class AdReader {
  #rest = '';

  *read(chunk: string): Generator<JsonAd> {
    // The end of an ad may be in two chunks.
    let from = Math.max(0, this.#rest.length - 2);
    let text = this.#rest + chunk;
    let begin = 0;
    for (let end = text.indexOf('\n}', from); end !== -1; end = text.indexOf('\n}', from)) {
      yield adIn(text.slice(begin, end + 2));
      begin = end + 2;
      from = begin;
    }
    text = text.slice(begin);
    if (text.length > LONGEST) throw new SyntaxError(`an ad has more than ${LONGEST} characters`);
    this.#rest = text;
  }

  end(): void {
    if (!/^[\s[\]]*$/.test(this.#rest)) throw new SyntaxError(`it ends with ${shown(this.#rest)}`);
  }
}

function adIn(text: string): JsonAd {
  const [before = ''] = text.split('{', 1);
  if (!/^[\s[,]*$/.test(before)) throw new SyntaxError(`${shown(before)} is in the place of an ad`);
  const ad = text.slice(before.length);
  // The tools print a value that is not a number without quotes, which is not JSON. As a string it can be read.
  return JSON.parse(ad.replaceAll(/^(\s*"\w+": )(-?(?:nan|inf(?:inity)?|real\("[^"]*"\)))(,?)$/gim, '$1"$2"$3'));
}

const shown = (text: string): string => JSON.stringify(text.trim().slice(0, 100));
