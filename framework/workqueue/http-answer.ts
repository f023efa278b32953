/** An HTTP answer that cannot be understood. */
export class HttpAnswerError extends Error {
  override name = 'HttpAnswerError';
}

/** Longest head (status line and headers), bytes. */
const MAX_HEAD_BYTES = 64 * 1024;

/**
 * Collects one HTTP/1.x answer. The catalog server ends its lines with a bare newline, which Node's own parsers refuse,
 * and ends the body by closing the connection. A proxy in between may answer with CRLF, a Content-Length or chunks. This class reads all of them.
 */
export class HttpAnswer {
  #parts: Buffer[] = [];
  #length = 0;
  #head: ReturnType<typeof parseHead>;

  /** Adds the next bytes. @returns true when the answer is complete without waiting for the end. @throws HttpAnswerError */
  push(chunk: Buffer): boolean {
    this.#parts.push(chunk);
    this.#length += chunk.length;
    this.#head ??= parseHead(this.#joined());
    if (!this.#head) {
      if (this.#length > MAX_HEAD_BYTES) throw new HttpAnswerError('an HTTP head that does not end');
      return false;
    }
    const { chunked, bodyLength, size } = this.#head;
    if (chunked) return this.#endsWithEmptyLine() && dechunk(this.#joined().subarray(size)) !== undefined;
    return bodyLength !== undefined && this.#length - size >= bodyLength;
  }

  /** The answer, once the peer has closed or `push` said complete. @throws HttpAnswerError if it was cut off */
  finish(): { status: number; date: string | undefined; body: Buffer } {
    if (!this.#head) throw new HttpAnswerError(this.#length === 0 ? 'an empty answer' : 'not an HTTP answer');
    const { status, date, chunked, bodyLength, size } = this.#head;
    const rest = this.#joined().subarray(size);
    const body = chunked ? dechunk(rest) : rest.subarray(0, bodyLength);
    if (!body || body.length < (bodyLength ?? 0)) throw new HttpAnswerError('an HTTP answer that was cut off');
    return { status, date, body };
  }

  #joined(): Buffer {
    const [only] = this.#parts;
    const joined = this.#parts.length === 1 && only ? only : Buffer.concat(this.#parts);
    this.#parts = [joined];
    return joined;
  }

  /** A cheap test before the chunks are read: every complete chunked body ends like this. */
  #endsWithEmptyLine(): boolean {
    const last = this.#parts.at(-1);
    if (last && last.length >= 4) return last.subarray(-4).equals(EMPTY_LINE_END);
    return this.#joined().subarray(-4).equals(EMPTY_LINE_END);
  }
}

const EMPTY_LINE_END = Buffer.from('\r\n\r\n');

function parseHead(bytes: Buffer) {
  const text = bytes.toString('latin1', 0, MAX_HEAD_BYTES);
  const end = /\r?\n\r?\n/.exec(text);
  if (!end) return undefined;
  const [statusLine = '', ...headerLines] = text.slice(0, end.index).split(/\r?\n/);
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(statusLine);
  if (!status) throw new HttpAnswerError(`not an HTTP answer: ${JSON.stringify(statusLine.slice(0, 60))}`);
  const headers = new Map(headerLines.map((line) => splitHeader(line)));
  const length = headers.get('content-length');
  if (length !== undefined && !/^\d{1,15}$/.test(length)) throw new HttpAnswerError(`a Content-Length of "${length}"`);
  return {
    status: Number(status[1]),
    date: headers.get('date'),
    chunked: /(?:^|,)\s*chunked$/i.test(headers.get('transfer-encoding') ?? ''),
    bodyLength: length === undefined ? undefined : Number(length),
    size: end.index + end[0].length,
  };
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
}

/** The body of a chunked transfer (RFC 9112, 7.1), or undefined while it is incomplete. @throws HttpAnswerError */
function dechunk(bytes: Buffer): Buffer | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf('\n', at);
    if (lineEnd < 0) return undefined;
    const size = /^([0-9a-fA-F]{1,8})\s*(?:;.*)?$/s.exec(bytes.toString('latin1', at, lineEnd).trimEnd());
    if (!size) throw new HttpAnswerError('a chunk without a length');
    const length = Number.parseInt(size[1] as string, 16);
    const start = lineEnd + 1;
    if (length === 0) return Buffer.concat(parts);
    if (start + length + 2 > bytes.length) return undefined;
    parts.push(bytes.subarray(start, start + length));
    at = start + length + 2;
  }
}
