import pc from 'picocolors';
import type { Report, StepReport, Verdict } from '../../report/model.ts';
import { renderResult } from '../../report/text.ts';
import type { RunDir } from '../../runs/store/store.ts';
import { quote } from '../../step/shell-words.ts';

/** Exit statuses of the commands that carry out a run. */
export const EXIT: Record<Verdict, number> = { passed: 0, failed: 1, broken: 3, interrupted: 130 };

/** What a run has come to, and where to read more. */
export function resultText(run: RunDir, report: Report): string {
  const [only, ...others] = report.steps;
  const one = others.length === 0 ? only : undefined;
  return [
    '',
    renderResult(report, { colour: pc.isColorSupported }),
    `report: ${run.reportDir}/index.html`,
    `logs:   relval logs ${report.run} ${logToRead(report, one)}`,
    ...(one?.outputDir !== undefined && one.outputs.length > 0 ? [`output: ${one.outputDir}`] : []),
  ].join('\n');
}

/** Arguments of `relval logs` for the log to read first: that of an error, of a new one where there is one. */
function logToRead({ findings }: Report, only: StepReport | undefined): string {
  const errors = findings.filter(({ severity }) => severity === 'error');
  const { step, file } = errors.find(({ age }) => age === 'new') ?? errors[0] ?? {};
  const name = step ?? only?.id ?? 'STEP';
  if (!file || file === 'stdout.log') return name;
  if (file === 'stderr.log') return `${name} --stderr`;
  return `${name} --file ${/^[\w./-]+$/.test(file) ? file : quote(file)}`;
}
