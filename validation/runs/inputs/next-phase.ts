import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readRegular } from '../../files/regular-file.ts';
import { InputError } from '../../input/input-error.ts';
import type { Finding } from '../../report/model.ts';
import { stepFile } from '../../step/names.ts';
import { MadeFileError } from '../../workflow/errors.ts';
import type { Plan } from '../../workflow/plan.ts';
import type { RunJournal } from '../store/journal.ts';
import type { RunDir } from '../store/store.ts';

/** How a run continues after a phase: with a plan, or not at all. */
export interface NextPhase {
  plan?: Plan;
  /** Why it cannot continue. */
  problem?: string;
  /** Findings about the files that decide how many steps the next phase has. */
  findings: Finding[];
}

type Pending = Plan['pending'][number];

/**
 * Plans the next phase from the files that stages of the previous phase made. If a stage made no usable file, or a file with
 * malformed lines, that is a finding against the stage, and the steps that wait for it do not run.
 */
export function planPhase(
  journal: RunJournal,
  plan: Plan,
  phase: number,
  replan: (bins: Record<string, readonly string[]>) => Plan,
): NextPhase {
  const { run, view } = journal;
  const due = plan.pending.filter((one) => plan.stages.some(({ name, phase: n }) => name === one.stage && n === phase));
  const bins: Record<string, readonly string[]> = {};
  for (const one of plan.pending) {
    const path = join(run.work, stepFile(one.madeBy, one.file));
    if (existsSync(path)) {
      try {
        bins[one.file] = readLines(path);
        // A later run with --from this one needs it, and other users cannot read makeflow's directory.
        mkdirSync(join(run.path, 'input'), { recursive: true });
        copyFileSync(path, join(run.path, 'input', basename(path)));
      } catch (error) {
        return { problem: `${one.file} of ${one.madeBy} cannot be read: ${(error as Error).message}`, findings: [] };
      }
    }
    if (!(one.file in bins) && due.includes(one))
      return { problem: `${one.file} of ${one.madeBy} did not come back`, findings: [] };
  }
  const unmade = due.find(({ madeBy }) => view.steps.get(madeBy)?.state === 'aborted');
  if (unmade) return { problem: `${unmade.madeBy}, which makes ${unmade.file}, did not run`, findings: [] };
  let next: Plan;
  try {
    next = replan(bins);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const one = error instanceof MadeFileError ? due.find(({ file }) => file === error.file) : undefined;
    if (!(error instanceof MadeFileError) || !one) return { problem: error.message, findings: [] };
    const text = error.line === undefined ? '' : `: ${JSON.stringify(bins[one.file]?.[error.line - 1])}`;
    const message = `${error.problems[0]?.message ?? ''}${text}`;
    return stopAt(one, [against(run, one, 'error', error.line, `${message}, so ${consequence(one)}`)]);
  }
  const findings = (next.skippedLines ?? []).flatMap(({ file, line, text, expected, malformed }) => {
    const one = due.find((other) => other.file === file);
    const what = malformed ? 'malformed' : 'skipped';
    if (!one) return [];
    const message = `${file}:${line}: ${what}, does not match ${expected}: ${JSON.stringify(text)}`;
    return malformed
      ? against(run, one, 'error', line, `${message}, so ${consequence(one)}`)
      : against(run, one, 'warning', line, message);
  });
  const bad = findings.find(({ severity }) => severity === 'error');
  return bad ? stopAt(due.find(({ madeBy }) => madeBy === bad.step) as Pending, findings) : { plan: next, findings };
}

/** The largest size, in bytes, of a file whose lines become steps. */
const LARGEST = 256 * 2 ** 20;

/** The lines of a text file, without carriage returns at their ends. @throws when it cannot be read */
export function readLines(path: string): string[] {
  return readRegular(path, LARGEST).split(/\r?\n/);
}

function consequence({ stage }: Pending): string {
  return `${stage} and what waits for it is not run`;
}

function stopAt(one: Pending, findings: Finding[]): NextPhase {
  return { problem: `${one.file} cannot be used: ${consequence(one)}`, findings };
}

function against(
  run: RunDir,
  { file, madeBy }: Pending,
  severity: Finding['severity'],
  line: number | undefined,
  message: string,
): Finding {
  const attempt = run.attempts(madeBy).at(-1) ?? 1;
  const log = join('logs', file);
  const inLogs = existsSync(join(run.attemptDir(madeBy, attempt), log));
  const place = { ...(inLogs && { file: log }), ...(inLogs && line !== undefined && { line }) };
  return { step: madeBy, stage: madeBy, attempt, severity, rule: 'fan-out', ...place, message };
}
