import { hasContainerSlots } from '../htcondor/slots.ts';
import { condorTool, type Queue } from '../htcondor/tools.ts';
import type { Check } from './check.ts';

const TOKEN_ADVICE =
  'put a token into ~/.condor/tokens.d (condor_token_fetch), or ask the administrator of the pool for one';

/**
 * Whether jobs can be submitted: HTCondor's tools are here, the schedd answers and lets this user in, and slots run containers if
 * there is an image.
 */
export async function checkHTCondor(queue: Queue, image?: string): Promise<Check> {
  const name = 'HTCondor';
  try {
    const version = /CondorVersion: (\S+)/.exec(await condorTool(queue, 'condor_version', []))?.[1] ?? '?';
    await condorTool(queue, 'condor_q', ['-totals']);
    const user = await submittingUser(queue);
    if (user === undefined) {
      const found = 'the schedd answers, but does not let you submit jobs';
      return { name, state: 'failed', found, advice: TOKEN_ADVICE };
    }
    const found = `version ${version}, the schedd answers, jobs are those of ${user}`;
    if (image === undefined || (await hasContainerSlots(queue))) return { name, state: 'ok', found };
    const none = 'no slot of the pool says now that it can run containers. Steps wait until one does';
    return {
      name,
      state: 'warning',
      found: `${found}; ${none}`,
      advice: 'leave --image out to run steps as processes',
    };
  } catch (error) {
    return { name, state: 'failed', found: (error as Error).message };
  }
}

/** The user whose jobs would be submitted; undefined: the schedd refuses them. */
async function submittingUser(queue: Queue): Promise<string | undefined> {
  const where = queue.schedd === undefined ? [] : ['-name', queue.schedd];
  // It ends with an error where it may not.
  const said = await condorTool(queue, 'condor_ping', ['-type', 'SCHEDD', ...where, '-table', 'WRITE']).catch(() => '');
  return /^\s*WRITE\s.*\sALLOW\s+(\S+)\s*$/m.exec(said)?.[1];
}
