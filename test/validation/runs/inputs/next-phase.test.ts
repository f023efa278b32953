import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import tmp from 'tmp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handedOn } from '../../../../validation/runs/inputs/earlier-outputs.ts';
import { planPhase } from '../../../../validation/runs/inputs/next-phase.ts';
import { RunJournal } from '../../../../validation/runs/store/journal.ts';
import { thisProcess } from '../../../../validation/runs/store/record.ts';
import { RunDir } from '../../../../validation/runs/store/store.ts';
import { planJdl } from '../../../../validation/workflow/planner.ts';

const RECO = fileURLToPath(new URL('../../../fixtures/jdl/reco/rawreco.jdl', import.meta.url));

let directory: tmp.DirResult;
let journal: RunJournal;
beforeEach(() => {
  directory = tmp.dirSync({ unsafeCleanup: true });
  const run = new RunDir(directory.name);
  mkdirSync(run.work);
  journal = new RunJournal(run, {
    schema: 'relval-run-1',
    id: 'reco-1',
    name: 'reco',
    workflow: 'reco',
    request: { input: RECO, set: [], setAppend: [], lenient: false, local: true },
    state: 'running',
    process: thisProcess(),
    project: 'p',
    created: 0,
    totals: { steps: 0, succeeded: 0, failed: 0, broken: 0, running: 0 },
  });
});
afterEach(() => directory.removeCallback());

/** Plans the second phase of a reconstruction whose cpass0SpBins wrote these lines, also as a log of its attempt. */
function second(text: string | undefined, inLogs = true) {
  const { run } = journal;
  if (text !== undefined) {
    writeFileSync(join(run.work, 'cpass0SpBins.timeBins.log'), text);
    const log = join(run.attemptDir('cpass0SpBins', 1), 'logs', 'timeBins.log');
    mkdirSync(dirname(log), { recursive: true });
    if (inLogs) writeFileSync(log, text);
  }
  return planPhase(journal, planJdl(RECO), 1, (bins) => planJdl(RECO, { bins }));
}

const maps = (next: ReturnType<typeof second>) =>
  next.plan?.steps.filter(({ stage }) => stage.name === 'cpass0SpDistMaps').map(({ inputFile }) => inputFile);

describe('the next phase', () => {
  it('has a step for each line that a stage has written, also where lines end as on Windows', () => {
    expect(maps(second('1 10 20\n2 21 30\n'))).toEqual(['1_10_20', '2_21_30']);
    expect(maps(second('1 10 20\r\n2 21 30\r\n'))).toEqual(['1_10_20', '2_21_30']);
    // Only the owner can read makeflow's directory. A run with --from this run finds the file here.
    const copy = join(journal.run.path, 'input', 'cpass0SpBins.timeBins.log');
    expect(handedOn(journal.run, 'timeBins.log', 'cpass0SpBins')).toContain(copy);
    expect(readFileSync(copy, 'utf8')).toBe('1 10 20\r\n2 21 30\r\n');
  });

  it.each([
    ['', 'timeBins.log is empty: expected lines that match ^[0-9]+ [0-9]+ [0-9]+$', undefined],
    ['\n  \n', 'timeBins.log is empty', undefined],
    [
      '\nno bins\n',
      'timeBins.log has no valid line: expected lines that match ^[0-9]+ [0-9]+ [0-9]+$, found first: "no bins"',
      2,
    ],
    ['1 10 20\n2 21\n', 'timeBins.log:2: malformed, does not match ^[0-9]+ [0-9]+ [0-9]+$: "2 21"', 2],
  ])('is not run after %j: the stage has failed, with the line', (text, message, line) => {
    const next = second(text);
    expect(next.plan).toBeUndefined();
    expect(next.problem).toBe('timeBins.log cannot be used: cpass0SpDistMaps and what waits for it is not run');
    expect(next.findings).toHaveLength(1);
    const [finding] = next.findings;
    expect(finding).toMatchObject({
      step: 'cpass0SpBins',
      attempt: 1,
      severity: 'error',
      rule: 'fan-out',
      file: 'logs/timeBins.log',
    });
    expect(finding?.message).toContain(message);
    expect(finding?.line).toBe(line);
  });

  it('leaves out lines that are no bins at all, with a warning that has the line', () => {
    const next = second('# bins\n1 10 20\ndone\n', false);
    expect(maps(next)).toEqual(['1_10_20']);
    expect(next.findings.map(({ severity, message }) => [severity, message])).toEqual([
      ['warning', 'timeBins.log:1: skipped, does not match ^[0-9]+ [0-9]+ [0-9]+$: "# bins"'],
      ['warning', 'timeBins.log:3: skipped, does not match ^[0-9]+ [0-9]+ [0-9]+$: "done"'],
    ]);
    expect(next.findings[0]?.file).toBeUndefined();
  });

  it('is not run if the file did not come back or was never to be made: that says nothing about the release', () => {
    expect(second(undefined)).toEqual({ problem: 'timeBins.log of cpass0SpBins did not come back', findings: [] });
    journal.add({ type: 'planned', phase: 0, steps: [{ id: 'cpass0SpBins', stage: 'cpass0SpBins' }] });
    journal.add({ type: 'step-ended', step: 'cpass0SpBins', attempt: 1, task: '', state: 'aborted', retried: false });
    expect(second('')).toEqual({ problem: 'cpass0SpBins, which makes timeBins.log, did not run', findings: [] });
  });

  it('is not run when the input has changed and cannot be planned any more', () => {
    const { run } = journal;
    writeFileSync(join(run.work, 'cpass0SpBins.timeBins.log'), '1 2 3\n');
    const next = planPhase(journal, planJdl(RECO), 1, () => planJdl(join(directory.name, 'gone.jdl')));
    expect(next).toMatchObject({ problem: expect.stringContaining('gone.jdl: no such file'), findings: [] });
  });
});
