import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import type { LogGroup } from '../../logs/log-groups.ts';
import type { LogGroupsAnswer } from '../../server/api.ts';
import { apiPath } from '../routes.ts';
import { getJson } from '../state/server.ts';
import type { LogName } from './log-source.ts';

const KEY = 'relval-fold';
/** The largest number of groups. After them the log is not folded. */
const MOST = 100_000;

/** Whether groups of lines are folded. The browser remembers it. */
export const folding = signal(localStorage.getItem(KEY) === '1');

export function switchFolding(): void {
  folding.value = !folding.value;
  localStorage.setItem(KEY, folding.value ? '1' : '0');
}

/** The groups of a log that has ended. The server finds them part by part. None while folding is off. */
export function useGroups(name: LogName, wanted: boolean): readonly LogGroup[] {
  const { run, step, attempt, stream } = name;
  const [groups, setGroups] = useState<readonly LogGroup[]>([]);
  useEffect(() => {
    setGroups([]);
    if (!wanted) return;
    const abort = new AbortController();
    const find = async (): Promise<void> => {
      let found: readonly LogGroup[] = [];
      let after: string | undefined;
      do {
        const path = apiPath(['runs', run, 'steps', step, 'log', 'groups'], { attempt, stream, after });
        const answer: LogGroupsAnswer = await getJson<LogGroupsAnswer>(path, abort.signal);
        found = [...found, ...answer.groups];
        after = answer.next;
        setGroups(found);
      } while (after !== undefined && found.length < MOST);
    };
    // Without groups the log is shown unfolded.
    find().catch(() => undefined);
    return () => abort.abort();
  }, [run, step, attempt, stream, wanted]);
  return groups;
}
