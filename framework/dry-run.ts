import type { Call, Event } from './mesos/messages.ts';

/**
 * What a dry run sends in the place of a call. It receives and declines offers as usual, so that the
 * decisions use the real cluster. But it sends a DECLINE in the place of an ACCEPT, and answers a KILL itself.
 * A worker that was "launched" counts as starting until its manager ends, so that its launch is logged only once.
 * @returns the call to send, if any, and events that Mesos would have sent
 */
export function withoutEffect(call: Call): { call: Call | undefined; ended: Event[] } {
  switch (call.type) {
    case 'ACCEPT': {
      const { offer_ids = [], filters } = call.accept ?? {};
      return { call: { type: 'DECLINE', decline: { offer_ids, ...(filters && { filters }) } }, ended: [] };
    }
    case 'KILL': {
      if (!call.kill) return { call: undefined, ended: [] };
      const status = { task_id: call.kill.task_id, state: 'TASK_KILLED', message: 'dry run' } as const;
      return { call: undefined, ended: [{ type: 'UPDATE', update: { status } }] };
    }
    case 'RECONCILE':
      return { call: undefined, ended: [] };
    default:
      return { call, ended: [] };
  }
}
