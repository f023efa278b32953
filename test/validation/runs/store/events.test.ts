import { describe, expect, it } from 'vitest';
import { applyEvent, applyStates, emptyView, type RunEvent } from '../../../../validation/runs/store/events.ts';

function viewOf(...events: RunEvent[]) {
  const view = emptyView();
  for (const event of events) applyEvent(view, event);
  return view;
}

const planned: RunEvent = {
  time: 1,
  type: 'planned',
  phase: 0,
  steps: [
    { id: 'sim0001', stage: 'sim' },
    { id: 'simQaMerge', stage: 'simQaMerge' },
  ],
};

describe('the view of a run', () => {
  it('has the states of the report after the end: a step can fail by its log only', () => {
    const ended: RunEvent = {
      time: 3,
      type: 'step-ended',
      step: 'sim0001',
      attempt: 1,
      task: '0.1.1',
      state: 'succeeded',
      retried: false,
    };
    const view = viewOf(planned, ended);
    applyStates(view, { sim0001: 'failed', unknown: 'failed' });
    expect(view.counts).toMatchObject({ succeeded: 0, failed: 1, waiting: 1 });
    expect(view.stages.get('sim')?.counts).toMatchObject({ succeeded: 0, failed: 1 });
    applyStates(view, { sim0001: 'failed' });
    expect(view.counts.failed).toBe(1);
  });

  it('has every planned step waiting', () => {
    expect(viewOf(planned).counts).toMatchObject({ waiting: 2, running: 0, succeeded: 0 });
  });

  it('follows a step from its submission to its end', () => {
    const submitted: RunEvent = { time: 2, type: 'step-submitted', step: 'sim0001', attempt: 1, task: '0.1.1' };
    const running: RunEvent = {
      time: 3,
      type: 'step-running',
      step: 'sim0001',
      attempt: 1,
      task: '0.1.1.1',
      worker: '127.0.0.1:1',
    };
    const ended: RunEvent = {
      time: 9,
      type: 'step-ended',
      step: 'sim0001',
      attempt: 1,
      task: '0.1.1',
      state: 'succeeded',
      retried: false,
      seconds: 6,
    };
    expect(viewOf(planned, submitted).steps.get('sim0001')).toMatchObject({ state: 'submitted', attempt: 0 });
    expect(viewOf(planned, submitted, running).steps.get('sim0001')).toMatchObject({ state: 'running', since: 3 });
    expect(viewOf(planned, submitted, running, ended).steps.get('sim0001')).toMatchObject({
      state: 'succeeded',
      seconds: 6,
    });
  });

  it('shows a step that lost its worker as waiting for another', () => {
    const view = viewOf(
      planned,
      { time: 2, type: 'step-submitted', step: 'sim0001', attempt: 1, task: '0.1.1' },
      { time: 3, type: 'step-running', step: 'sim0001', attempt: 1, task: '0.1.1.1', worker: '127.0.0.1:1' },
      { time: 4, type: 'step-requeued', step: 'sim0001', attempt: 1, message: 'lost' },
    );
    expect(view.steps.get('sim0001')).toMatchObject({ state: 'submitted', attempt: 1 });
  });

  it('shows a step that is tried again as waiting for a worker', () => {
    const view = viewOf(planned, {
      time: 5,
      type: 'step-ended',
      step: 'sim0001',
      attempt: 1,
      task: '0.1.1',
      state: 'broken',
      retried: true,
    });
    expect(view.steps.get('sim0001')).toMatchObject({ state: 'submitted', attempt: 1 });
  });

  it('counts steps by state, also per stage, and lists the running ones', () => {
    const view = viewOf(
      planned,
      { time: 2, type: 'step-submitted', step: 'sim0001', attempt: 1, task: '0.1.1' },
      { time: 3, type: 'step-running', step: 'sim0001', attempt: 1, task: '0.1.1.1', worker: '127.0.0.1:1' },
    );
    expect([...view.running]).toEqual(['sim0001']);
    expect(view.counts).toMatchObject({ waiting: 1, submitted: 0, running: 1 });
    applyEvent(view, { time: 4, type: 'step-requeued', step: 'sim0001', attempt: 1, message: 'lost' });
    expect([...view.running]).toEqual([]);
    expect(view.counts).toMatchObject({ waiting: 1, submitted: 1, running: 0 });
    expect(view.stages.get('sim')).toMatchObject({ counts: { submitted: 1, waiting: 0 }, start: 3, end: 4 });
    expect(view.stages.get('simQaMerge')).toMatchObject({ counts: { waiting: 1 } });
  });

  it('ignores unknown steps', () => {
    expect(viewOf({ time: 1, type: 'step-running', step: 'x', attempt: 1, task: '', worker: 'w' }).steps.size).toBe(0);
  });

  it('is the same when events of a resumed phase are repeated', () => {
    const ended: RunEvent = {
      time: 9,
      type: 'step-ended',
      step: 'sim0001',
      attempt: 1,
      task: '0.1.1',
      state: 'succeeded',
      retried: false,
    };
    expect(viewOf(planned, ended, planned)).toEqual(viewOf(planned, ended));
  });
});
