import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Report } from '../../validation/report/model.ts';
import { ROOT } from './relval.ts';

const CLI = join(ROOT, 'dist', 'validation', 'cli', 'main.js');

/** What goes wrong in a job, each in another way: with what of it is the host's, the day's and the process' own. */
const TROUBLES = [
  'echo "$(date -d "$DAY" "+%F %T,%N") $(hostname) E-ProcessOutput: no histogram hPt in $PWD/QA.root (job $$)"',
  'echo "$(date -d "$DAY" "+%F %T,%N") $(hostname) E-ProcessOutput: no histogram hEta in $PWD/QA.root (job $$)"',
  'echo "$PWD/macro.C:12:3: error: use of undeclared identifier fTPC"',
  'echo "$PWD/other.C:12:3: error: use of undeclared identifier fTPC"',
  'echo "Cannot open root://$(hostname)//data/$RANDOM/f.root: cannot read file data: Input/output error"',
  'bash -c "kill -SEGV \\$\\$"',
  'bash -c "kill -BUS \\$\\$"',
  'for i in $(seq 1 $((40 + RANDOM % 9))); do printf "track %d at 0x%x; " $RANDOM $RANDOM$RANDOM; done; echo "std::bad_alloc in $PWD/calib.C"',
  'printf "*** Break *** segmentation violation\\n#0  0x%08x in AliTPCtracker::Follow(int) () from $PWD/libTPC.so\\n" $RANDOM$RANDOM',
  'printf "*** Break *** segmentation violation\\n#0  0x%08x in AliITStracker::Follow(int) () from $PWD/libITS.so\\n" $RANDOM$RANDOM',
];

const WORKFLOW = JSON.stringify({
  name: 'failing',
  defaults: { resources: { cores: 1, memory: '100MB', disk: '100MB' } },
  stages: TROUBLES.map((trouble, index) => ({
    name: `trouble${'abcdefghijklm'[index]}`,
    command: `DAY=$(cat day)\n${trouble}\n${index === 0 ? 'exit 3' : ''}`,
    inputs: ['day'],
    ...(index === 1 && { outputs: ['missing.root'], expects: ['missing.root'] }),
  })),
});

/** A name of its own for these processes alone; who is not root needs a user namespace for it. */
const OWN_NAME = ['--uts', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];
const canBeNamed = spawnSync('unshare', [...OWN_NAME, 'true']).status === 0;

const top = mkdtempSync(join(tmpdir(), 'relval-test-'));
afterAll(() => rmSync(top, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

/** The report of a run in a directory of its own, on a host that has another name. */
async function runOn(host: string, directory: string, day: string): Promise<Report> {
  const work = join(top, directory);
  mkdirSync(work, { recursive: true });
  writeFileSync(join(work, 'failing.yaml'), WORKFLOW);
  writeFileSync(join(work, 'day'), day);
  const runs = join(work, 'runs');
  const child = spawn(
    'unshare',
    [...OWN_NAME, 'sh', '-c', 'hostname "$1"; shift; exec "$@"', 'sh', host].concat([
      process.execPath,
      CLI,
      'run',
      'failing.yaml',
      '--local',
      '--runs',
      runs,
      '--name',
      'failing',
    ]),
    { cwd: work, env: { ...process.env, XDG_CONFIG_HOME: work, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code, Buffer.concat(output).toString()).toBe(1);
  const [report] = execFileSync('find', [runs, '-name', 'report.json', '-print0'], { encoding: 'utf8' }).split('\0');
  expect(readFileSync(join(dirname(report ?? ''), '..', 'run.json'), 'utf8')).toContain('failing');
  return JSON.parse(readFileSync(report ?? '', 'utf8'));
}

describe('the same failing job on two hosts, in two places, on two days', () => {
  it.runIf(canBeNamed)(
    'gives the same fingerprints, and every trouble one of its own',
    async () => {
      const one = await runOn('wn042.cern.ch', 'a', '2029-06-15 08:01:02');
      const other = await runOn('alibuild-7', 'scratch/of/somebody/else', '2031-12-01 23:59:59');
      expect(one.steps[0]?.host).not.toBe(other.steps[0]?.host);
      const prints = (report: Report) =>
        report.findings.map(({ step, rule, fingerprint }) => `${step} ${rule} ${fingerprint}`).sort();
      expect(prints(other)).toEqual(prints(one));
      expect(new Set(one.findings.map(({ step }) => step)).size).toBe(TROUBLES.length);
      const all = one.findings.map(({ fingerprint }) => fingerprint);
      expect(new Set(all).size).toBe(all.length);
      // What was written differs in both.
      const messages = (report: Report) => new Set(report.findings.map(({ message }) => message));
      const both = [...messages(one)].filter((message) => messages(other).has(message));
      expect(both.filter((message) => /\d{4}|\//.test(message))).toEqual([]);
    },
    180_000,
  );
});
