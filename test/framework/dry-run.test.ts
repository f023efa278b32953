import { describe, expect, it } from 'vitest';
import { withoutEffect } from '../../framework/dry-run.ts';

describe('a dry run', () => {
  it('gives the offers of a launch back, with the same refusal', () => {
    const offer_ids = [{ value: 'o1' }, { value: 'o2' }];
    const filters = { refuse_seconds: 3600 };
    const launch = { type: 'LAUNCH' as const, launch: { task_infos: [] } };
    const { call, ended } = withoutEffect({ type: 'ACCEPT', accept: { offer_ids, operations: [launch], filters } });
    expect(call).toEqual({ type: 'DECLINE', decline: { offer_ids, filters } });
    expect(ended).toEqual([]);
  });

  it('sends no kill, and answers it', () => {
    const { call, ended } = withoutEffect({ type: 'KILL', kill: { task_id: { value: 't' } } });
    expect(call).toBeUndefined();
    expect(ended).toMatchObject([
      { type: 'UPDATE', update: { status: { task_id: { value: 't' }, state: 'TASK_KILLED' } } },
    ]);
  });

  it('asks for no task that does not exist', () => {
    expect(withoutEffect({ type: 'RECONCILE', reconcile: { tasks: [] } })).toEqual({ call: undefined, ended: [] });
  });

  it('leaves the rest as it is: what is declined, suppressed and revived holds nothing', () => {
    const revive = { type: 'REVIVE' as const, revive: { roles: ['*'] } };
    expect(withoutEffect(revive)).toEqual({ call: revive, ended: [] });
  });
});
