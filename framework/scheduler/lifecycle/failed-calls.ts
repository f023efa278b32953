import type { Call } from '../../mesos/messages.ts';
import type { Frame } from '../state/frame.ts';
import { RECONCILE_ALL_MS } from './reconcile.ts';
import { endWorker } from './updates.ts';

/** After a call is lost, Mesos is asked for the state of everything after this time. */
const ASK_ALL_AGAIN_MS = 10_000;

/**
 * Undoes the effects of a call that failed. The next frame with decisions decides what to do instead, so a
 * master that refuses everything is asked no faster than the clock ticks.
 *
 * A refused call had no effect. Whether a lost call had one is unknown. Kills are repeated until they are answered, and
 * acknowledgements when Mesos sends the update again.
 */
export function takeFailedCall(frame: Frame, call: Call, refused: boolean, why: string): void {
  const { state, now } = frame;
  switch (call.type) {
    case 'ACCEPT':
      // Mesos may keep the offers reserved for us for ever. A DECLINE does no harm to an offer that was used after all.
      state.undeclined.push(...(call.accept?.offer_ids ?? []).map(({ value }) => value));
      for (const { launch } of call.accept?.operations ?? []) {
        for (const { task_id } of launch.task_infos) takeFailedLaunch(frame, task_id.value, refused, why);
      }
      break;
    case 'DECLINE':
      state.undeclined.push(...(call.decline?.offer_ids ?? []).map(({ value }) => value));
      break;
    case 'REVIVE':
      for (const role of call.revive?.roles ?? []) state.roles.delete(role);
      break;
    case 'SUPPRESS':
      for (const role of call.suppress?.roles ?? []) state.roles.delete(role);
      break;
    case 'RECONCILE':
      if (call.reconcile?.tasks.length === 0) state.reconciledAllAt = now - RECONCILE_ALL_MS + ASK_ALL_AGAIN_MS;
      break;
    case 'UPDATE_FRAMEWORK':
      // A master that refuses it is older than the call (Mesos 1.9): the next SUBSCRIBE tells it.
      if (!refused) state.declared = { roles: [], capabilities: [] };
      break;
  }
}

/** Asks Mesos about a launch that may have been lost. */
function takeFailedLaunch(frame: Frame, id: string, refused: boolean, why: string): void {
  const worker = frame.state.workers.get(id);
  if (!worker) return;
  if (refused) endWorker(frame, worker, `the master refused it: ${why}`, 'lost');
  else {
    worker.reconciledAt = frame.now;
    worker.reconciliations = 1;
  }
}
