import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type MessageType, parseSchema } from './schema.ts';

const schema = parseSchema(
  readFileSync(createRequire(import.meta.url).resolve('release-validation/framework/mesos/v1.proto'), 'utf8'),
);

/** The two messages of `v1.proto` that are sent by themselves; all others are parts of them. */
export const CALL = schema.get('mesos.v1.Call') as MessageType;
export const EVENT = schema.get('mesos.v1.Event') as MessageType;
