import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeRecord, RecordIODecoder, RecordIOError } from '../../../framework/mesos/recordio.ts';

/** Cuts the bytes at the given places, which may repeat (empty pieces) and lie anywhere. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const at = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of [...at, bytes.length]) {
    pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}

describe('RecordIO', () => {
  it('gives back every record, however the bytes are cut and whatever empty lines stand between records', () => {
    const record = fc.record({ bytes: fc.uint8Array({ maxLength: 300 }), emptyLines: fc.nat({ max: 2 }) });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), fc.array(fc.nat()), (records, places) => {
        const body = Buffer.concat(
          records.flatMap(({ bytes, emptyLines }) => [Buffer.alloc(emptyLines, '\n'), encodeRecord(bytes)]),
        );
        const decoder = new RecordIODecoder();
        const got = cut(body, places).flatMap((piece) => decoder.push(piece));
        expect(got.map((one) => [...one])).toEqual(records.map(({ bytes }) => [...bytes]));
        expect(decoder.atBoundary).toBe(true);
      }),
    );
  });

  it('is at a boundary between records only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), fc.nat(), (bytes, place) => {
        const body = encodeRecord(bytes);
        const decoder = new RecordIODecoder();
        decoder.push(body.subarray(0, 1 + (place % (body.length - 1))));
        expect(decoder.atBoundary).toBe(false);
      }),
    );
  });

  it('counts bytes, not characters', () => {
    const text = '{"message":"läuft…"}';
    expect(new RecordIODecoder().push(Buffer.from(`${Buffer.byteLength(text)}\n${text}`))).toEqual([Buffer.from(text)]);
  });

  it('knows what is no RecordIO', () => {
    for (const body of ['<html>', '12x\n', '-1\n', '0x10\n', '99999999999\n', '5\r\nhello']) {
      expect(() => new RecordIODecoder().push(Buffer.from(body)), body).toThrow(RecordIOError);
    }
  });

  it('gives the records before the place where the bytes make no sense', () => {
    const got: string[] = [];
    const read = () => {
      for (const record of new RecordIODecoder().records(Buffer.from('2\nab1\nc!'))) got.push(record.toString());
    };
    expect(read).toThrow(RecordIOError);
    expect(got).toEqual(['ab', 'c']);
  });

  it('refuses a record over its limit before it has arrived', () => {
    expect(() => new RecordIODecoder(100).push(Buffer.from('101\n'))).toThrow(/101 bytes is over the limit of 100/);
    expect(new RecordIODecoder(100).push(encodeRecord(Buffer.alloc(100)))).toHaveLength(1);
  });
});
