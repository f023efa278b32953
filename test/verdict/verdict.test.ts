import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Finding, Report } from '../../validation/report/model.ts';
import { CLI, Relval } from '../e2e/relval.ts';
import { commandCases, pairCases, payloadCases } from './corpus.ts';

/** A stage's name is its step's id, which has only letters and digits. */
const idOf = (index: number): string => `c${index}`;

const SMALL = { cores: 1, memory: '64MB', disk: '64MB' };

/** Many steps on few cores: they wait more than they work. */
const CORES = '4';

/** Runs a workflow of these stages, whatever its verdict. @returns its report */
async function night(relval: Relval, stages: readonly object[], ...args: string[]): Promise<Report> {
  writeFileSync(join(relval.dir, 'w.yaml'), stringify({ name: 'corpus', stages }, { aliasDuplicateObjects: false }));
  const run = await relval.run('run', 'w.yaml', '--local', '--local-cpus', CORES, '--no-check', ...args);
  if (run.code !== 0 && run.code !== 1 && run.code !== 3) throw new Error(run.stderr);
  const { stdout } = await relval.run('report', 'last', '--format', 'json');
  return JSON.parse(stdout) as Report;
}

/** All that a finding says. */
function textOf({ message, file, line, context, lastLines }: Finding): string {
  const around = [...(context?.before ?? []), ...(context?.after ?? []), ...(lastLines?.lines ?? [])];
  return [`${message} (${file}:${line})`, ...around].join('\n');
}

describe.each(['logs.yaml', 'messages.yaml', 'outputs.yaml'])('%s', (file) => {
  const cases = payloadCases(file);
  const relval = new Relval();
  let report: Report;
  beforeAll(async () => {
    const stages = cases.map(({ sh, stage }, index) => ({
      name: idOf(index),
      retries: 0,
      resources: SMALL,
      command: sh,
      ...(stage && 'outputs' in stage && { outputDir: join(relval.dir, 'out', idOf(index)) }),
      ...stage,
    }));
    report = await night(relval, stages);
  });
  afterAll(() => relval.remove());

  it.each(cases.map((one, index) => [one.case, one, idOf(index)] as const))(
    '%s',
    (_, { state, says, not, errors }, id) => {
      const step = report.steps.find((one) => one.id === id);
      const findings = report.findings.filter((one) => one.step === id);
      const told = findings.map(textOf).join('\n');
      if (state !== undefined) expect(step?.state, told).toBe(state);
      if (says !== undefined) expect(told).toMatch(new RegExp(says, 'i'));
      if (not !== undefined) expect(told).not.toMatch(new RegExp(not, 'i'));
      const bad = findings.filter(({ severity }) => severity === 'error');
      if (state === 'succeeded') expect(bad).toEqual([]);
      if (errors !== undefined) expect(new Set(bad.map(({ fingerprint }) => fingerprint)).size).toBe(errors);
    },
  );
});

describe('fingerprints.yaml', () => {
  const cases = pairCases();
  const relval = new Relval();
  let report: Report;
  beforeAll(async () => {
    const stages = cases.map((_, index) => ({
      name: idOf(index),
      resources: SMALL,
      inputs: [`${idOf(index)}.txt`],
      command: `cat ${idOf(index)}.txt`,
    }));
    const print = (text: 'before' | 'after') => {
      for (const [index, one] of cases.entries())
        writeFileSync(join(relval.dir, `${idOf(index)}.txt`), `${one[text]}\n`);
    };
    print('before');
    await night(relval, stages);
    await relval.run('accept', 'last', '--note', 'known');
    print('after');
    report = await night(relval, stages);
  });
  afterAll(() => relval.remove());

  it.each(cases.map((one, index) => [one.case, one, idOf(index)] as const))('%s', (_, { same }, id) => {
    const ages = report.findings.filter((one) => one.step === id && one.severity === 'error').map(({ age }) => age);
    expect(ages).toEqual([same ? 'known' : 'new']);
  });
});

describe('commands.yaml', () => {
  it.each(commandCases().map((one) => [one.case, one] as const))('%s', (_, { files = {}, sh, exit, says, needs }) => {
    if (needs !== undefined && spawnSync('bash', ['-c', needs]).status !== 0) return;
    const relval = new Relval();
    try {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(relval.dir, name)), { recursive: true });
        writeFileSync(join(relval.dir, name), text);
      }
      const bin = join(relval.dir, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'relval'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
      chmodSync(join(bin, 'relval'), 0o755);
      const out = join(relval.dir, 'out.log');
      const env = {
        ...process.env,
        PATH: `${bin}:${process.env.PATH}`,
        XDG_CONFIG_HOME: relval.dir,
        RELVAL_RUNS: relval.runs,
        NO_COLOR: '1',
      };
      const { status } = spawnSync('bash', ['-c', `exec >'${out}' 2>&1 </dev/null; ${sh}`], {
        cwd: relval.dir,
        env,
        timeout: 100_000,
      });
      const said = readFileSync(out, 'utf8');
      expect(exit, said).toContain(status);
      if (says !== undefined)
        expect(said).toMatch(new RegExp(says.replace(/^\(\?s\)/, ''), says.startsWith('(?s)') ? 's' : ''));
    } finally {
      relval.remove();
    }
  });
});
