import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpAnswer, HttpAnswerError } from '../../../framework/workqueue/http-answer.ts';
import { recording } from './peers.ts';

const BODY = '[\n{"type":"wq_master","project":"é\\r\\n\\r\\n"}\n]\n';

const ANSWERS = {
  'bare newlines, ended by closing': `HTTP/1.1 200 OK\nServer: catalog_server\n\n${BODY}`,
  'CRLF with a length': `HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(BODY)}\r\n\r\n${BODY}`,
  'CRLF in chunks': `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(BODY, 7)}`,
  'HTTP/1.0 without a reason': `HTTP/1.0 200\r\n\r\n${BODY}`,
};

function chunked(text: string, size: number): string {
  const bytes = Buffer.from(text);
  let out = '';
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    out += `${part.length.toString(16)};x=y\r\n${part.toString('latin1')}\r\n`;
  }
  return Buffer.from(`${out}0\r\nTrailer: t\r\n\r\n`, 'latin1').toString('utf8');
}

/** Feeds the bytes cut at the given places; says after how many pieces the answer was complete. */
function feed(bytes: Buffer, cuts: number[]): { answer: HttpAnswer; completeAt: number | undefined } {
  const answer = new HttpAnswer();
  const places = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((a, b) => a - b);
  let completeAt: number | undefined;
  [0, ...places].forEach((start, i) => {
    const piece = bytes.subarray(start, places[i] ?? bytes.length);
    if (piece.length > 0 && answer.push(piece)) completeAt ??= i;
  });
  return { answer, completeAt };
}

describe('HttpAnswer', () => {
  for (const [kind, text] of Object.entries(ANSWERS)) {
    it(`reads an answer with ${kind}, however it is cut`, () => {
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 8 }), (cuts) => {
          const { answer } = feed(Buffer.from(text), cuts);
          expect(answer.finish()).toMatchObject({ status: 200, body: Buffer.from(BODY) });
        }),
      );
    });
  }

  it('knows the end of an answer with a length or chunks before the connection closes', () => {
    for (const kind of ['CRLF with a length', 'CRLF in chunks'] as const) {
      const bytes = Buffer.from(ANSWERS[kind]);
      expect(feed(bytes, [10, bytes.length - 1]).completeAt).toBe(2);
    }
    expect(feed(Buffer.from(ANSWERS['bare newlines, ended by closing']), [10]).completeAt).toBeUndefined();
  });

  it('reads the recorded answers of both versions', () => {
    for (const name of ['catalog_query_3managers.json.http', 'HEAD_catalog_query_1manager.json.http']) {
      const answer = new HttpAnswer();
      answer.push(recording(name));
      const { status, body } = answer.finish();
      expect(status).toBe(200);
      expect(JSON.parse(body.toString())).toBeInstanceOf(Array);
    }
  });

  it('refuses what is cut off or no HTTP', () => {
    const cut = Buffer.from(ANSWERS['CRLF with a length']).subarray(0, -1);
    expect(() => feed(cut, []).answer.finish()).toThrow(HttpAnswerError);
    const cutChunks = Buffer.from(ANSWERS['CRLF in chunks']).subarray(0, -30);
    expect(() => feed(cutChunks, []).answer.finish()).toThrow(/cut off/);
    expect(() => new HttpAnswer().finish()).toThrow(/empty answer/);
    expect(() => new HttpAnswer().push(Buffer.from('SSH-2.0-OpenSSH_9.2\r\n\r\n'))).toThrow(/not an HTTP answer/);
    expect(() => new HttpAnswer().push(Buffer.alloc(100_000, 'x'))).toThrow(/head that does not end/);
    const badChunk = Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n');
    expect(() => new HttpAnswer().push(badChunk)).toThrow(/chunk/);
  });

  it('does not fail in any other way on hostile bytes', () => {
    const pieces = fc.constantFrom(
      'HTTP/1.1 200 OK',
      '\n',
      '\r\n',
      'Transfer-Encoding: chunked',
      'Content-Length: 3',
      'ff',
      '0',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 20 }), fc.array(fc.nat()), (parts, cuts) => {
        const bytes = Buffer.from(`${parts.join('')}!`);
        try {
          feed(bytes, cuts).answer.finish();
        } catch (error) {
          expect(error).toBeInstanceOf(HttpAnswerError);
        }
      }),
    );
  });
});
