import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type Codec, jsonCodec, protobufCodec } from '../../../framework/mesos/codec.ts';
import { RecordIODecoder } from '../../../framework/mesos/recordio.ts';
import type { ReportUnknown } from '../../../framework/mesos/wire-reader.ts';

const directory = dirname(createRequire(import.meta.url).resolve('release-validation/test/fixtures/mesos/README.md'));

export function fixture(...path: string[]): Buffer {
  return readFileSync(join(directory, ...path));
}

export function fixtureNames(path: string, ending: string): string[] {
  return readdirSync(join(directory, path))
    .filter((name) => name.endsWith(ending))
    .sort();
}

/** The recorded streams: `lifecycle.json`, `lifecycle.pb` … */
export const recordings = fixtureNames('', '.recordio').map((name) => name.slice(0, -'.recordio'.length));

export function codecOf(recording: string): Codec {
  return recording.endsWith('.pb') ? protobufCodec : jsonCodec;
}

export function recordsOf(recording: string): Buffer[] {
  return new RecordIODecoder().push(fixture(`${recording}.recordio`));
}

export function eventsOf(recording: string, unknown?: ReportUnknown) {
  return recordsOf(recording).map((record) => codecOf(recording).decodeEvent(record, unknown));
}
