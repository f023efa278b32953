import { describe, expect, it } from 'vitest';
import { jsonCodec, protobufCodec } from '../../../framework/mesos/codec.ts';
import type { Event } from '../../../framework/mesos/messages.ts';
import { RecordIODecoder } from '../../../framework/mesos/recordio.ts';
import { codecOf, eventsOf, fixture, recordings, recordsOf } from './fixtures.ts';

/** What each recording is known to hold: events and task states by their number. */
const CONTENTS: Record<string, string> = {
  'error_failed_over.json': 'ERROR:1 HEARTBEAT:1 OFFERS:1 SUBSCRIBED:1',
  'error_failed_over.pb': 'ERROR:1 HEARTBEAT:1 SUBSCRIBED:1',
  'error_framework_removed.json': 'ERROR:1',
  'error_framework_removed.pb': 'ERROR:1',
  'error_principal.json': 'ERROR:1',
  'failure_custom_executor.pb':
    'FAILURE:1 HEARTBEAT:1 OFFERS:4 SUBSCRIBED:1 TASK_FAILED:1 TASK_FINISHED:1 TASK_RUNNING:1 TASK_STARTING:1 UPDATE:4',
  'lifecycle.json':
    'HEARTBEAT:2 OFFERS:4 RESCIND:4 SUBSCRIBED:1 TASK_DROPPED:1 TASK_ERROR:1 TASK_FAILED:1 TASK_FINISHED:1 TASK_GONE:2 TASK_KILLED:1 TASK_KILLING:1 TASK_RUNNING:5 TASK_STARTING:3 TASK_UNKNOWN:2 UPDATE:18',
  'lifecycle.pb':
    'HEARTBEAT:2 OFFERS:4 RESCIND:4 SUBSCRIBED:1 TASK_DROPPED:1 TASK_ERROR:1 TASK_FAILED:1 TASK_FINISHED:1 TASK_GONE:2 TASK_KILLED:1 TASK_KILLING:1 TASK_RUNNING:5 TASK_STARTING:3 TASK_UNKNOWN:2 UPDATE:18',
  'maintenance.json':
    'HEARTBEAT:2 INVERSE_OFFERS:3 OFFERS:5 RESCIND:3 RESCIND_INVERSE_OFFER:2 SUBSCRIBED:1 TASK_RUNNING:1 TASK_STARTING:1 UPDATE:2',
  'maintenance.pb':
    'HEARTBEAT:2 INVERSE_OFFERS:2 OFFERS:5 RESCIND:3 RESCIND_INVERSE_OFFER:1 SUBSCRIBED:1 TASK_RUNNING:1 TASK_STARTING:1 UPDATE:2',
  'master_restart_1_before.json': 'HEARTBEAT:1 OFFERS:2 SUBSCRIBED:1 TASK_RUNNING:2 TASK_STARTING:2 UPDATE:4',
  'master_restart_2_after.json':
    'HEARTBEAT:6 OFFERS:1 SUBSCRIBED:1 TASK_FINISHED:2 TASK_GONE:1 TASK_RUNNING:2 UPDATE:5',
  'master_restart_3_agent_away.json': 'HEARTBEAT:2 SUBSCRIBED:1 TASK_UNKNOWN:1 UPDATE:1',
  'offer_timeout.json': 'HEARTBEAT:1 OFFERS:2 RESCIND:1 SUBSCRIBED:1 TASK_DROPPED:1 TASK_ERROR:1 UPDATE:2',
  'offer_timeout.pb': 'HEARTBEAT:1 OFFERS:1 RESCIND:1 SUBSCRIBED:1',
  'rescind_agent_lost.json': 'FAILURE:2 HEARTBEAT:3 OFFERS:2 RESCIND:2 SUBSCRIBED:1',
  'states_legacy.json':
    'FAILURE:2 HEARTBEAT:4 OFFERS:1 SUBSCRIBED:1 TASK_FAILED:1 TASK_KILLED:1 TASK_LOST:7 TASK_RUNNING:5 TASK_STARTING:3 UPDATE:17',
  'states_legacy.pb':
    'FAILURE:2 HEARTBEAT:4 OFFERS:1 SUBSCRIBED:1 TASK_FAILED:2 TASK_KILLED:1 TASK_LOST:7 TASK_RUNNING:5 TASK_STARTING:3 UPDATE:18',
  'states_partition_aware.json':
    'FAILURE:2 HEARTBEAT:4 OFFERS:1 SUBSCRIBED:1 TASK_FAILED:1 TASK_GONE_BY_OPERATOR:2 TASK_KILLED:1 TASK_KILLING:1 TASK_RUNNING:5 TASK_STARTING:3 TASK_UNKNOWN:1 TASK_UNREACHABLE:4 UPDATE:18',
  'states_partition_aware.pb':
    'FAILURE:2 HEARTBEAT:4 OFFERS:1 SUBSCRIBED:1 TASK_FAILED:2 TASK_GONE_BY_OPERATOR:2 TASK_KILLED:1 TASK_KILLING:1 TASK_RUNNING:5 TASK_STARTING:3 TASK_UNKNOWN:1 TASK_UNREACHABLE:4 UPDATE:19',
  'validation.json':
    'FAILURE:1 HEARTBEAT:6 OFFERS:58 SUBSCRIBED:1 TASK_DROPPED:1 TASK_ERROR:22 TASK_FAILED:13 TASK_FINISHED:17 TASK_KILLED:1 TASK_KILLING:1 TASK_RUNNING:26 TASK_STARTING:27 UPDATE:108',
};

function contents(events: Event[]): string {
  const counts = new Map<string, number>();
  for (const event of events) {
    for (const name of [event.type, event.update?.status.state]) {
      if (name) counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  return [...counts]
    .map(([name, count]) => `${name}:${count}`)
    .sort()
    .join(' ');
}

/** Every path that occurs below a value, with the type at its end: `offers.offers[].resources[].scalar.value number`. */
function paths(value: unknown, path = ''): string[] {
  if (Buffer.isBuffer(value)) return [`${path} bytes`];
  if (Array.isArray(value)) return value.flatMap((item) => paths(item, `${path}[]`));
  if (typeof value === 'object' && value !== null) {
    const below = Object.entries(value).flatMap(([key, held]) => paths(held, path ? `${path}.${key}` : key));
    return below.length > 0 ? below : [`${path} empty`];
  }
  return [`${path} ${typeof value}`];
}

/** What was said about tasks, without the names of offers that differ from run to run. */
function verdicts(events: Event[]): string[] {
  const said = events.flatMap(({ update }) => {
    if (!update) return [];
    const { state, reason, source, message, uuid, healthy } = update.status;
    return [[state, reason, source, message?.replace(/-O\d+/, '-O'), uuid?.length, healthy].join('|')];
  });
  return [...new Set(said)].sort();
}

describe.each(recordings)('the recorded stream %s', (recording) => {
  const body = fixture(`${recording}.recordio`);
  const records = recordsOf(recording);
  const codec = codecOf(recording);

  it('holds the events it is known for, and nothing that is unknown', () => {
    const unknown: string[] = [];
    const events = eventsOf(recording, (what) => unknown.push(what));
    expect(contents(events)).toBe(CONTENTS[recording]);
    expect(unknown).toEqual([]);
  });

  it('is read the same when it comes byte by byte', () => {
    const decoder = new RecordIODecoder();
    const got: Buffer[] = [];
    for (let at = 0; at < body.length; at += 1) got.push(...decoder.push(body.subarray(at, at + 1)));
    expect(got).toEqual(records);
    expect(decoder.atBoundary).toBe(true);
  });

  it.runIf(body.length < 30_000)('is read the same when it is cut in two, wherever that is', () => {
    for (let at = 1; at < body.length; at += 1) {
      const decoder = new RecordIODecoder();
      const got = [...decoder.push(body.subarray(0, at)), ...decoder.push(body.subarray(at))];
      const same =
        got.length === records.length && got.every((record, index) => record.equals(records[index] as Buffer));
      if (!same) expect.fail(`cut at byte ${at}`);
    }
  });

  it('comes back the same from both encodings', () => {
    for (const record of records) {
      const event = codec.decodeEvent(record);
      expect(protobufCodec.decodeEvent(protobufCodec.encodeEvent(event))).toEqual(event);
      expect(jsonCodec.decodeEvent(jsonCodec.encodeEvent(event))).toEqual(event);
    }
  });
});

describe('JSON and protobuf', () => {
  it.each(['lifecycle', 'states_legacy', 'states_partition_aware', 'error_framework_removed'])(
    'say the same about the tasks of the history %s',
    (name) => {
      expect(verdicts(eventsOf(`${name}.pb`))).toEqual(verdicts(eventsOf(`${name}.json`)));
    },
  );

  it.each(['lifecycle', 'maintenance', 'states_legacy', 'states_partition_aware', 'error_framework_removed'])(
    'give objects of the same form for the history %s',
    (name) => {
      const form = (recording: string) =>
        [...new Set(eventsOf(recording).flatMap((event) => paths(event, event.type)))].sort();
      expect(form(`${name}.pb`)).toEqual(form(`${name}.json`));
    },
  );

  it('keep every digit of times in nanoseconds, which JSON prints bare', () => {
    for (const recording of ['states_partition_aware.json', 'states_partition_aware.pb']) {
      const times = eventsOf(recording).flatMap(({ update }) => update?.status.unreachable_time?.nanoseconds ?? []);
      expect(times.length).toBeGreaterThan(0);
      const text = fixture('states_partition_aware.json.recordio').toString();
      for (const time of times) {
        expect(time).toMatch(/^\d{19}$/);
        if (recording.endsWith('.json')) expect(text).toContain(`"nanoseconds":${time}}`);
      }
    }
  });

  it('give 16 raw bytes as the uuid of an update', () => {
    for (const recording of recordings) {
      for (const { update } of eventsOf(recording)) {
        if (update?.status.uuid) expect(update.status.uuid).toHaveLength(16);
      }
    }
  });
});
