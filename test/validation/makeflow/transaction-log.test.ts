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
  type NodeCounts,
  parseLogLine,
} from '../../../validation/makeflow/transaction-log.ts';

/** Recorded with Debian's makeflow, HEAD_… with one built from upstream. */
const fixtures = fileURLToPath(new URL('../../fixtures/makeflow/', import.meta.url));
const recordings = readdirSync(fixtures).filter((name) => name.includes('makeflowlog'));

function recording(name: string): string {
  return readFileSync(`${fixtures}makeflowlog_${name}.txt`, 'utf8');
}

function replay(chunks: Iterable<string>, each?: (flow: FlowState) => void): FlowState {
  const flow = emptyFlow();
  const lines = new WholeLines();
  for (const chunk of chunks) {
    for (const line of lines.push(chunk)) {
      const event = parseLogLine(line);
      if (event) applyEvent(flow, event);
      if (event) each?.(flow);
    }
  }
  return flow;
}

/** The states of nodes 0, 1, 2, … and what became of their attempts. */
function summary(flow: FlowState): string[] {
  return [...flow.nodes]
    .sort(([a], [b]) => a - b)
    .map(([, { state, attempts }]) => `${state}: ${attempts.map(({ run, state }) => `${run}:${state}`).join(' ')}`);
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
    ['success_12tasks', Array(12).fill('complete: 1:complete'), 'completed', true],
    ['fail_exhausted_but_COMPLETED', ['complete: 1:complete', `failed:${' 1:failed'.repeat(6)}`], 'completed', false],
    ['fail_stuck_then_SIGTERM', ['complete: 1:complete', `failed:${' 1:failed'.repeat(6)}`], 'aborted', false],
    [
      'mixed_fail_r0',
      ['complete: 1:complete', 'failed: 1:failed', 'complete: 1:complete', 'failed: 1:failed', 'failed: 1:failed'],
      undefined,
      false,
    ],
    ['running_node_sigint', ['aborted: 1:aborted', 'complete: 1:complete'], 'aborted', false],
    ['running_node_sigkill', ['running: 1:aborted 2:running', 'complete: 1:complete'], undefined, false],
    [
      'running_node_resumed',
      ['complete: 1:aborted 2:aborted 3:complete', 'complete: 1:complete', 'complete: 3:complete'],
      'completed',
      true,
    ],
    [
      'resume_fixed_completed',
      [
        'complete: 1:complete',
        'complete: 1:failed 1:failed 2:failed 2:failed 3:complete',
        'complete: 1:complete',
        'complete: 3:complete',
      ],
      'completed',
      true,
    ],
  ] as [string, string[], FlowState['ended'], boolean][])('%s', (name, nodes, ended, complete) => {
    const flow = replay([recording(name)]);
    expect(summary(flow)).toEqual(nodes);
    expect(flow.ended).toBe(ended);
    expect(isComplete(flow)).toBe(complete);
  });

  it.each(recordings)('%s means the same wherever it is cut', (name) => {
    const text = readFileSync(fixtures + name, 'utf8');
    const whole = replay([text]);
    for (let at = 0; at <= text.length; at++) expect(replay([text.slice(0, at), text.slice(at)])).toEqual(whole);
    expect(replay(text)).toEqual(whole);
  });

  it.each(recordings)('%s counts as many nodes in each state as makeflow does', (name) => {
    replay([readFileSync(fixtures + name, 'utf8')], ({ nodes, counts }) => {
      const counted: Partial<NodeCounts> = { running: 0, complete: 0, failed: 0, aborted: 0 };
      for (const { state } of nodes.values()) if (state !== 'waiting') counted[state] = (counted[state] ?? 0) + 1;
      if (counts) expect(counts).toMatchObject(counted);
    });
  });

  it('give attempts their job ids and times', () => {
    const { nodes } = replay([recording('resume_fixed_completed')]);
    expect(nodes.get(1)?.attempts.map(({ number, run, jobId }) => [number, run, jobId])).toEqual([
      [1, 1, 3],
      [2, 1, 4],
      [3, 2, 1],
      [4, 2, 2],
      [5, 3, 1],
    ]);
    expect(nodes.get(1)?.attempts[0]).toMatchObject({ start: 1795346150545.758, end: 1795346150568.034 });
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
