import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { patternsForGrep } from '../../checks/rules.ts';
import { phaseSteps } from '../../makeflow/phase.ts';
import type { WorkQueueBatch } from '../../makeflow/run.ts';
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
  /** With relative OutputDirs taken below the run directory. */
  plan: Plan;
  /** Plans again when a stage has made the file that a later stage's width depends on. */
  replan: (bins: Record<string, readonly string[]>) => Plan;
  batch: WorkQueueBatch;
  retries?: number | undefined;
  streams: LogStreams;
  /** Variables that payloads get, and whose values must not stand in any log. */
  secrets: Readonly<Record<string, string>>;
  /** Makeflow shares it. */
  lock?: RunLock | undefined;
  signal: AbortSignal;
  /** Aborted, with the reason, when what the steps run on is gone. */
  failed?: AbortSignal | undefined;
  /** Why no worker comes, as the framework says it; undefined: nobody can be asked, or there is no reason. */
  whyWaiting?: HeldUpOptions['whyWaiting'];
  /** Names the signal that stopped the run, for the report. */
  stoppedBy: () => string;
}

/** What of a request counts for what steps print. */
type LogChoice = Pick<RunRequest, 'secrets' | 'logLimit'>;

/** What a run is judged by, and what makeflow needs for the first phase. */
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
  { secrets = [], logLimit }: LogChoice,
): Promise<void> {
  const tokens = stepTokens(run);
  await writeMakeflow(plan, run.work, phase, {
    patterns: patternsForGrep(rulesOf(run)),
    exports: secrets.length > 0 ? [...secrets.map(({ name }) => name), MASKS_VARIABLE] : [],
    tokenOf: (step) => tokens.of(step),
    outputLimit: logLimit,
  });
}

/** The Makeflow file of a phase; one that was written before a crash is used as it is, since its log belongs to it. */
async function ensurePhase(run: RunDir, plan: Plan, phase: number, request: LogChoice): Promise<WrittenMakeflow> {
  const file = `Makeflow.${phase}`;
  if (!existsSync(join(run.work, file))) await writePhase(run, plan, phase, request);
  return { phase, file, steps: phaseSteps(plan, phase) };
}
