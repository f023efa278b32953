import { arch, hostname, release as kernel } from 'node:os';
import { join } from 'node:path';
import { versionLine } from '../../../framework/tools/versions.ts';
import { quote } from '../../step/shell-words.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { RunRecord } from './record.ts';

/**
 * The tested software and the tools of a run, for its report and for a later repetition.
 * @param work a directory of the run
 */
export async function provenanceOf(
  plan: Plan,
  { request, release, checks }: Pick<RunRecord, 'request' | 'release' | 'checks'>,
  work: string,
): Promise<Record<string, string | string[]>> {
  const packages = [...new Set(plan.stages.flatMap((stage) => stage.packages))];
  const { input, from, command, nightly } = request;
  const scratch = join(work, 'openmpi');
  return {
    ...(command ? { command: command.map(quote).join(' ') } : { input }),
    ...(nightly && { nightly: `${nightly.name} of ${nightly.file}` }),
    ...(release !== undefined && { release }),
    ...(from !== undefined && { 'earlier stages': from }),
    ...(packages.length > 0 && { packages }),
    makeflow: (await versionLine('makeflow', scratch)) ?? 'unknown',
    'Work Queue': (await versionLine('work_queue_worker', scratch)) ?? 'unknown',
    ...(checks && { 'pre-flight checks': checks }),
    'Node.js': process.versions.node,
    host: `${hostname()} (Linux ${kernel()}, ${arch()})`,
  };
}
