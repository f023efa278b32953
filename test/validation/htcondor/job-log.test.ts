import { describe, expect, it } from 'vitest';
import { jobLogReader } from '../../../validation/htcondor/job-log.ts';

const NOW = new Date(2026, 10, 29, 16).getTime();
const AT = new Date(2026, 10, 29, 15, 18, 49, 160).getTime();

const submitted = '000 (142.000.000) 2026-11-29 15:18:49.160 Job submitted from host: <127.0.0.1:9618?alias=cm.test>';
const executing = (head = '001 (142.000.000) 2026-11-29 15:18:49.160'): string =>
  `${head} Job executing on host: <127.0.0.1:2197?addrs=127.0.0.1-2197&alias=cm.test>\n\tSlotName: slot1@cm.test\n\tCpus = 1\n...`;
const evicted = '004 (142.000.000) 2026-11-29 15:18:49.160 Job was evicted.\n\t(0) CPU times\n...';
const held = (code: number): string =>
  `012 (142.000.000) 2026-11-29 15:18:49.160 Job was held.\n\tTransfer output files failure: no space\n\tCode ${code} Subcode 2\n...`;
const removed = '009 (142.000.000) 2026-11-29 15:18:49.160 Job was aborted.\n\tvia condor_rm (by user alice)\n...';

/** Reads the events at once, and again when a moment has passed. */
function read(...events: string[]) {
  let now = NOW;
  const reader = jobLogReader(() => now);
  const found = reader(events.join('\n').split('\n'));
  now += 10_000;
  return [...found, ...reader([])];
}

describe('the job log of HTCondor', () => {
  it('tells which slot runs a job, and when', () => {
    expect(read(`${submitted}\n...`, executing())).toEqual([
      { type: 'task-running', time: AT, jobId: 142, worker: 'slot1@cm.test' },
    ]);
  });

  it.each([
    ['without parts of a second', '001 (142.000.000) 2026-11-29 15:18:49', AT - 160],
    ['without a year', '001 (142.000.000) 11/29 15:18:49', AT - 160],
    ['in UTC', '001 (142.000.000) 2026-11-29T15:18:49.160Z', Date.UTC(2026, 10, 29, 15, 18, 49, 160)],
  ])('is read with times %s', (_, head, time) => {
    expect(read(executing(head))).toMatchObject([{ time, jobId: 142 }]);
  });

  it('tells of an event only when it is complete', () => {
    const reader = jobLogReader(() => NOW);
    const [first = '', ...rest] = executing().split('\n');
    expect(reader([first])).toEqual([]);
    expect(reader(rest)).toHaveLength(1);
  });

  it.each([
    ['evicted', evicted],
    ['one of a failed shadow', '007 (142.000.000) 2026-11-29 15:18:49.160 Shadow exception!\n\tno disk\n...'],
    [
      'one whose worker is lost',
      '024 (142.000.000) 2026-11-29 15:18:49.160 Job reconnection failed\n\tlease expired\n...',
    ],
  ])('tells that a job waits again: %s', (_, event) => {
    expect(read(executing(), event).map(({ type }) => type)).toEqual(['task-running', 'task-waiting']);
  });

  it('tells of a job that runs again elsewhere before the next event of it', () => {
    const reader = jobLogReader(() => NOW);
    expect(reader(`${evicted}\n${executing()}`.split('\n')).map(({ type }) => type)).toEqual([
      'task-waiting',
      'task-running',
    ]);
  });

  it('does not take a job for one that waits again when it was evicted to be held or removed', () => {
    expect(read(evicted, removed)).toEqual([]);
    expect(read(evicted, held(13))).toEqual([
      { type: 'job-held', time: AT, jobId: 142, reason: 'Transfer output files failure: no space', byHand: false },
    ]);
  });

  it('tells a job that somebody holds from one that cannot go on', () => {
    expect(read(held(1))).toMatchObject([{ type: 'job-held', byHand: true }]);
    expect(read(held(34))).toMatchObject([{ type: 'job-held', byHand: false }]);
    expect(read(held(16))).toEqual([]);
  });

  it('is not confused by other lines', () => {
    expect(read('', 'no event', '...', '999 nonsense', '...', executing())).toHaveLength(1);
  });
});
