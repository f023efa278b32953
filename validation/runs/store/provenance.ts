import { execFile } from 'node:child_process';
import { arch, hostname, release as kernel } from 'node:os';
import { promisify } from 'node:util';
import { quote } from '../../step/shell-words.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { RunRecord } from './record.ts';

/** What was tested, and with what: for the report's foot, and for whoever must run it again. */
export async function provenanceOf(
  plan: Plan,
  { request, release, checks }: Pick<RunRecord, 'request' | 'release' | 'checks'>,
): Promise<Record<string, string | string[]>> {
  const packages = [...new Set(plan.stages.flatMap((stage) => stage.packages))];
  const { input, from, command, nightly } = request;
  return {
    ...(command ? { command: command.map(quote).join(' ') } : { input }),
    ...(nightly && { nightly: `${nightly.name} of ${nightly.file}` }),
    ...(release !== undefined && { release }),
    ...(from !== undefined && { 'earlier stages': from }),
    ...(packages.length > 0 && { packages }),
    makeflow: await versionOf('makeflow'),
    'Work Queue': await versionOf('work_queue_worker'),
    ...(checks && { 'pre-flight checks': checks }),
    'Node.js': process.versions.node,
    host: `${hostname()} (Linux ${kernel()}, ${arch()})`,
  };
}

/** First line of `PROGRAM -v`: what a user would type to know. */
async function versionOf(program: string): Promise<string> {
  const env = { ...process.env, OMPI_MCA_ess_singleton_isolated: '1' };
  try {
    const { stdout } = await promisify(execFile)(program, ['-v'], { env, timeout: 10_000 });
    return stdout.split('\n')[0]?.trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}
