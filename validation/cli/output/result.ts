import type { Report, Verdict } from '../../report/model.ts';
import { inColour } from '../../report/paint.ts';
import { printable } from '../../report/printable.ts';
import { renderResult } from '../../report/text.ts';
import { PARTS } from '../../runs/judging/kinds.ts';
import type { RunDir } from '../../runs/store/store.ts';
import { aboutRun } from './paste.ts';
import { when } from './zone.ts';

/** Exit statuses of the commands that execute a run. */
export const EXIT: Record<Verdict, number> = { passed: 0, failed: 1, broken: 3, interrupted: 130 };

/** The verdict of a run in one line. */
export function verdictText(report: Report): string {
  return printable(`${report.verdict}  ${report.run}: ${report.reason}`);
}

/** Prints the result of a run, and the commands that show more. */
export function resultText(run: RunDir, report: Report): string {
  const [only, ...others] = report.steps;
  const one = others.length === 0 ? only : undefined;
  const log = logToRead(report);
  return [
    '',
    renderResult(report, { colour: inColour, when }, PARTS),
    `report: ${run.reportDir}/index.html`,
    ...(log.length === 0 ? [] : [`logs:   ${aboutRun(run, 'logs', log)}`]),
    ...(one?.outputDir !== undefined && one.outputs.length > 0 ? [`output: ${one.outputDir}`] : []),
  ].join('\n');
}

/**
 * Arguments of `relval logs` for the log to read first: the log of a new error, else of an error, else of a step
 * that failed, else of the last step. None: no step has run.
 */
function logToRead({ findings, steps }: Report): string[] {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const { step, file } = errors.find(({ age }) => age === 'new') ?? errors[0] ?? {};
  const ran = steps.filter(({ attempts }) => attempts > 0);
  const name = step ?? (ran.find(({ state }) => state !== 'succeeded') ?? ran.at(-1))?.id;
  if (name === undefined) return [];
  if (!file || file === 'stdout.log') return [name];
  return file === 'stderr.log' ? [name, '--stderr'] : [name, '--file', file];
}
