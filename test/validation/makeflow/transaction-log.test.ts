import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { WholeLines } from '../../../validation/makeflow/follow-lines.ts';
import {
  applyEvent,
  emptyFlow,
  type FlowState,
  isComplete,
  isStuck,
  parseLogLine,
} from '../../../validation/makeflow/transaction-log.ts';

/** Recorded with Debian's makeflow, HEAD_… with one built from upstream. */
const fixtures = fileURLToPath(new URL('../../fixtures/makeflow/', import.meta.url));
const recordings = readdirSync(fixtures).filter((name) => name.includes('makeflowlog'));

function recording(name: string): string {
  return readFileSync(`${fixtures}makeflowlog_${name}.txt`, 'utf8');
}

function replay(chunks: Iterable<string>): FlowState {
  const flow = emptyFlow();
  const lines = new WholeLines();
  for (const chunk of chunks) {
    for (const line of lines.push(chunk)) {
      const event = parseLogLine(line);
      if (event) applyEvent(flow, event);
    }
  }
  return flow;
}

describe('a line of the log', () => {
  it('is read', () => {
    expect(parseLogLine('1795345398859819 0 1 12 3 4 5 6 7 25')).toEqual({
      type: 'node',
      time: 1795345398859.819,
      node: 0,
      state: 'running',
      jobId: 12,
      counts: { waiting: 3, running: 4, complete: 5, failed: 6, aborted: 7, total: 25 },
    });
    expect(parseLogLine('# ABORTED 1795346153565083')).toEqual({ type: 'aborted', time: 1795346153565.083 });
  });

  it.each([
    '',
    '# FILE 1795345786339221 makeflow.failed.1 3 0',
    '# NODE\t1\tcat j.0 > j.all',
    '1795345398859819 0 1 12 3 4 5 6 7',
    '1795345398859819 0 9 12 3 4 5 6 7 25',
    '17953453988598191795345398859819 0 1 12 3 4 5 6 7 25 8',
    '# STARTED',
  ])('that says nothing about nodes is none: %j', (line) => {
    expect(parseLogLine(line)).toBeUndefined();
  });
});

describe('recorded logs', () => {
  it.each([
    ['success_12tasks', 'completed', true],
    ['fail_exhausted_but_COMPLETED', 'completed', false],
    ['fail_stuck_then_SIGTERM', 'aborted', false],
    ['mixed_fail_r0', undefined, false],
    ['running_node_sigkill', undefined, false],
    ['running_node_resumed', 'completed', true],
    ['resume_fixed_completed', 'completed', true],
  ] as const)('%s', (name, ended, complete) => {
    const flow = replay([recording(name)]);
    expect(flow.ended).toBe(ended);
    expect(isComplete(flow)).toBe(complete);
  });

  it.each(recordings)('%s means the same wherever it is cut', (name) => {
    const text = readFileSync(fixtures + name, 'utf8');
    const whole = replay([text]);
    for (let at = 0; at <= text.length; at++) expect(replay([text.slice(0, at), text.slice(at)])).toEqual(whole);
    expect(replay(text)).toEqual(whole);
  });
});

describe('a makeflow that waits for ever', () => {
  it('is one in which something failed, something waits and nothing runs, for a while', () => {
    const text = recording('fail_stuck_then_SIGTERM');
    const flow = replay([text.slice(0, text.indexOf('# ABORTED'))]);
    expect(isStuck(flow, flow.lastTime + 100)).toBe(false);
    expect(isStuck(flow, flow.lastTime + 2000)).toBe(true);
    expect(isStuck(replay([text]), flow.lastTime + 60_000)).toBe(false);
  });

  it.each(['success_12tasks', 'running_node_sigkill', 'mixed_fail_r0', 'fail_exhausted_but_COMPLETED'])(
    'is not one like %s',
    (name) => {
      const flow = replay([recording(name)]);
      expect(isStuck(flow, flow.lastTime + 60_000)).toBe(false);
    },
  );

  it('is not one that has said nothing yet', () => {
    expect(isStuck(emptyFlow(), Date.now())).toBe(false);
  });
});
