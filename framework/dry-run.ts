import type { Call, Event } from './mesos/messages.ts';

/**
 * What is sent in the place of a call when nothing may happen. Offers are taken and given back as for real, so that the
 * decisions are made on what the cluster has; but an ACCEPT becomes the DECLINE of its offers, and a KILL its own answer.
 * What was "launched" then counts as starting until its manager ends, so that it is told once and not again and again.
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
