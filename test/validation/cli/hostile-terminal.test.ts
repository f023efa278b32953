import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../../validation/report/model.ts';
import { CLI } from '../../e2e/relval.ts';
import { finding, makeRun, report, TASK } from '../server/sample-runs.ts';
import { atTerminal, expectHarmless, FORGED, HOSTILE } from './terminal.ts';

const EVIL = `evil${HOSTILE}\n${FORGED}\rover`;
/** A file name: no slash. */
const NAME = `log${HOSTILE.replaceAll('/', '')}\n${FORGED}.log`;

let dir: string;
let runs: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'relval-terminal-'));
  runs = join(dir, 'runs');
  for (const id of ['a', 'b']) writeHostileRun(id);
  mkdirSync(join(runs, NAME));
  writeFileSync(join(runs, NAME, 'run.json'), '{');
  writeFileSync(
    join(dir, 'evil.jdl'),
    `Executable = "/bin/aliroot_dpgsim.sh";\nJDLVariables = { "X${HOSTILE}" };\nPackages = { "${HOSTILE}" };\n# ${HOSTILE}\nBad ${HOSTILE} = 1;\n`,
  );
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** A directory of a run in which every text is hostile. */
function writeHostileRun(id: string): void {
  const { run, journal } = makeRun(runs, id, { name: EVIL, workflow: EVIL, release: EVIL });
  const step = 'sim0001';
  journal.add({
    type: 'planned',
    phase: 0,
    steps: [
      { id: step, stage: EVIL },
      { id: EVIL, stage: EVIL },
    ],
  });
  journal.add({ type: 'step-submitted', step, attempt: 1, ...TASK });
  journal.add({ type: 'step-running', step, attempt: 1, worker: EVIL, ...TASK });
  journal.add({
    type: 'step-ended',
    ...{ step, attempt: 1, state: 'failed', retried: false, seconds: 3, host: EVIL, message: EVIL, ...TASK },
  });
  const directory = run.attemptDir(step, 1);
  mkdirSync(join(directory, 'logs'), { recursive: true });
  const log = `first ${HOSTILE}\x1b[1;31mred\x1b[0m\nbad news\r${FORGED}\nno line feed ${HOSTILE}`;
  for (const file of ['stdout.log', 'stderr.log', join('logs', NAME)]) writeFileSync(join(directory, file), log);
  const message = EVIL.replaceAll('\n', ' ');
  const evil = {
    reason: EVIL,
    findings: [finding(message, { rule: EVIL, file: EVIL, known: EVIL, component: EVIL, trace: [EVIL] })],
    components: [{ name: EVIL, contacts: [EVIL], errors: 1, newErrors: 1, warnings: 0 }],
    unneeded: [{ rule: EVIL, exception: EVIL }],
    provenance: { [EVIL]: EVIL, packages: [EVIL] },
  } as unknown as Partial<Report>;
  mkdirSync(run.reportDir, { recursive: true });
  const written = report(journal, 'failed', [finding(message)], evil);
  writeFileSync(join(run.reportDir, 'report.json'), JSON.stringify(written));
  for (const file of ['index.html', 'junit.xml', 'validation_report_full.txt'])
    writeFileSync(join(run.reportDir, file), EVIL.replaceAll('\n', ' '));
  journal.end('failed', EVIL);
}

function relval(...words: string[]): Promise<string> {
  return atTerminal([process.execPath, CLI, ...words], { XDG_CONFIG_HOME: dir, RELVAL_RUNS: runs }, dir);
}

describe('nothing of a hostile run reaches the terminal as a command', () => {
  for (const words of [
    ['list'],
    ['status', 'a'],
    ['status', 'a', '--follow'],
    ['logs', 'a'],
    ['logs', 'a', 'nothing'],
    ['logs', 'a', 'sim0001', '--attempt', '7'],
    ['report', 'a'],
    ['diff', 'a', 'b'],
    ['gc', '--keep', '0', '--dry-run'],
    ['accept', 'a', '--note', EVIL],
    ['notify', 'a', '--dry-run'],
    ['status', `nothing${EVIL}`],
    ['plan', 'evil.jdl'],
    ['check', 'evil.jdl'],
    ['run', 'evil.jdl', '--local'],
    ['plan', `${NAME}.jdl`],
    [`--${EVIL}`],
    ['config', '--config', NAME],
  ]) {
    it(`relval ${JSON.stringify(words.join(' ')).slice(0, 40)}`, async () => {
      const shown = await relval(...words);
      expect(shown.trim()).not.toBe('');
      expectHarmless(shown);
      if (words[0] === 'list') expect(shown).toMatch(/unreadable[\s\S]*is no JSON/);
      if (words[0] === 'gc') expect(shown).toMatch(/is not removed: .*is no JSON/);
    });
  }

  for (const words of [
    ['logs', 'a', 'sim0001'],
    ['logs', 'a', 'sim0001', '--follow'],
    ['logs', 'a', 'sim0001', '--times'],
    ['logs', 'a', 'sim0001', '--grep', '.'],
    ['logs', 'a', '--grep', '.'],
    ['report', 'a', '--format', 'html'],
    ['report', 'a', '--format', 'json'],
  ]) {
    it(`relval ${words.join(' ')}`, async () => {
      const shown = await relval(...words);
      expect(shown.trim()).not.toBe('');
      expectHarmless(shown, { coloursOfLog: true });
    });
  }

  it('a log keeps its colours, and a carriage return hides nothing', async () => {
    const shown = await relval('logs', 'a', 'sim0001', '--tail', '2');
    expect(shown).toMatch(/^bad news\r\n/);
    expect(await relval('logs', 'a', 'sim0001')).toContain('\x1b[1;31mred\x1b[0m');
  });

  it('an expression that takes too long is told', async () => {
    const shown = await relval('logs', 'a', 'sim0001', '--grep', '^(.+)+$(?!.)x');
    expect(shown).toMatch(/--grep \^.*: the expression takes too long/);
  });

  it('JSON stays JSON', async () => {
    for (const words of [['list'], ['status', 'a'], ['logs', 'a'], ['logs', 'a', '--grep', '.'], ['diff', 'a', 'b']]) {
      const shown = await relval(...words, '--json');
      expectHarmless(shown);
      JSON.parse(shown);
    }
    const [first] = JSON.parse(await relval('list', '--json'));
    expect(first.reason).toBe(EVIL);
  });

  it('with --raw a log is shown as it is', async () => {
    expect(await relval('logs', 'a', 'sim0001', '--raw')).toContain('\x1b]52;c;cm0gLXJm\x07');
  });
});
