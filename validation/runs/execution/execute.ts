import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { patternsForGrep } from '../../checks/rules.ts';
import type { Batch } from '../../makeflow/batch.ts';
import { phaseSteps } from '../../makeflow/phase.ts';
import { type WrittenMakeflow, writeMakeflow } from '../../makeflow/write.ts';
import type { Finding, Report } from '../../report/model.ts';
import { MASKS_VARIABLE } from '../../step/names.ts';
import type { Plan } from '../../workflow/plan.ts';
import { planPhase } from '../inputs/next-phase.ts';
import { type CriteriaChoice, keepChoice, rulesOf } from '../judging/criteria.ts';
import { judgeRun } from '../judging/judge.ts';
import type { RunJournal } from '../store/journal.ts';
import type { RunLock } from '../store/lock.ts';
import type { RunRequest } from '../store/record.ts';
import type { RunDir } from '../store/store.ts';
import type { HeldUpOptions } from './held-up.ts';
import { runPhase } from './phase.ts';
import { stepTokens } from './step-key.ts';
import type { LogStreams } from './streams.ts';

export interface Execution {
  journal: RunJournal;
  /** Relative OutputDirs are below the run directory. */
  plan: Plan;
  /** Plans again when a stage has made the file that decides the number of steps of a later stage. */
  replan: (bins: Record<string, readonly string[]>) => Plan;
  batch: Batch;
  retries?: number | undefined;
  streams: LogStreams;
  /** Variables for payloads whose values must not appear in any log. */
  secrets: Readonly<Record<string, string>>;
  /** Makeflow shares it. */
  lock?: RunLock | undefined;
  signal: AbortSignal;
  /** Aborted, with the reason, when the machines that the steps run on are gone. */
  failed?: AbortSignal | undefined;
  /** The framework's reason why no worker comes; undefined: the framework cannot be asked, or has no reason. */
  whyWaiting?: HeldUpOptions['whyWaiting'];
  /** Is called when the last step has ended, before the run is judged. What served the steps may end then. */
  stepsEnded?: () => void;
  /** Names the signal that stopped the run, for the report. */
  stoppedBy: () => string;
}

/** The parts of a request that concern the output of steps, and how steps get their secrets. */
type LogChoice = Pick<RunRequest, 'secrets' | 'logLimit' | 'batch'>;

/** The criteria of a run, and the files that makeflow needs for the first phase. */
export async function prepareRun(run: RunDir, plan: Plan, request: CriteriaChoice & LogChoice): Promise<void> {
  keepChoice(run, request);
  await writePhase(run, plan, 0, request);
}

/** Runs the phases of a plan one after the other, judges the run, and writes the report. */
export async function executeRun(execution: Execution): Promise<Report> {
  const { journal, signal: stopped, failed } = execution;
  const signal = failed ? AbortSignal.any([stopped, failed]) : stopped;
  journal.update({ state: 'running' });
  let { plan } = execution;
  let problem: string | undefined;
  const findings: Finding[] = [];
  forgetPhases(journal);
  for (let phase = 0; phase < plan.phases && problem === undefined && !signal.aborted; phase++) {
    if (phase > 0) {
      const next = planPhase(journal, plan, phase, execution.replan);
      findings.push(...next.findings);
      problem = next.problem;
      if (!next.plan) break;
      plan = next.plan;
    }
    const written = await ensurePhase(journal.run, plan, phase, journal.record.request);
    const steps = written.steps.map(({ id, stage }) => ({ id, stage: stage.name }));
    const known = journal.view.planned.get(phase) ?? [];
    if (steps.length !== known.length || steps.some(({ id }) => !journal.view.steps.has(id)))
      journal.add({ type: 'planned', phase, steps });
    const { batch, retries, streams, secrets, lock } = execution;
    const { whyWaiting } = execution;
    const keepOpen = lock?.fd;
    problem = await runPhase({ journal, written, batch, retries, streams, secrets, signal, whyWaiting, keepOpen });
  }
  if (failed?.aborted) problem = String(failed.reason);
  execution.stepsEnded?.();
  const end = stopped.aborted
    ? { interrupted: `stopped by ${execution.stoppedBy()}` }
    : problem !== undefined && { problem };
  return judgeRun(journal, plan, { ...end, inMadeFiles: findings });
}

/** Phases whose Makeflow file a retry has removed are planned anew. Where that does not happen, they have no steps. */
function forgetPhases(journal: RunJournal): void {
  for (const [phase, ids] of journal.view.planned) {
    if (phase > 0 && ids.length > 0 && !existsSync(join(journal.run.work, `Makeflow.${phase}`)))
      journal.add({ type: 'planned', phase, steps: [] });
  }
}

async function writePhase(
  run: RunDir,
  plan: Plan,
  phase: number,
  { secrets = [], logLimit, batch }: LogChoice,
): Promise<void> {
  const tokens = stepTokens(run);
  await writeMakeflow(plan, run.work, phase, {
    patterns: patternsForGrep(rulesOf(run)),
    exports: secrets.length > 0 ? [...secrets.map(({ name }) => name), MASKS_VARIABLE] : [],
    tokenOf: (step) => tokens.of(step),
    inFiles: batch === 'condor',
    outputLimit: logLimit,
  });
}

/** The Makeflow file of a phase. A file that was written before a crash is used as it is, because its log belongs to it. */
async function ensurePhase(run: RunDir, plan: Plan, phase: number, request: LogChoice): Promise<WrittenMakeflow> {
  const file = `Makeflow.${phase}`;
  if (!existsSync(join(run.work, file))) await writePhase(run, plan, phase, request);
  return { phase, file, steps: phaseSteps(plan, phase) };
}
